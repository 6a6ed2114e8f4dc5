// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// rootsModule is where the image's root certificates come from.
const rootsModule = "golang.org/x/crypto/x509roots/fallback"

// sbom lists in SPDX 2.3 what the image holds: the operator, with the Go modules and the standard library that its binary says it
// was built from, and the root certificates.
func (s *settings) sbom(info *debug.BuildInfo, image v1.Image) ([]byte, error) {
	digest, err := image.Digest()
	if err != nil {
		return nil, err
	}
	main := module(info.Main.Path, s.version)
	main.PrimaryPackagePurpose = "APPLICATION"
	document := &spdx.Document{
		SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: operator + " " + s.version,
		// Different documents have different namespaces, and the same document the same one.
		DocumentNamespace: fmt.Sprintf("https://github.com/cognigy-operator/cognigy-operator/spdx/%s", digest.Hex),
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: "cognigy-operator-hack-image"}}, Created: s.created.Format(time.RFC3339),
		},
		Packages:      []*spdx.Package{main},
		Relationships: []*spdx.Relationship{relationship("DOCUMENT", common.TypeRelationshipDescribe, main.PackageSPDXIdentifier)},
	}
	for _, dependency := range dependencies(info) {
		document.Packages = append(document.Packages, dependency)
		document.Relationships = append(document.Relationships,
			relationship(main.PackageSPDXIdentifier, common.TypeRelationshipDependsOn, dependency.PackageSPDXIdentifier))
	}
	roots, err := rootCertificates()
	if err != nil {
		return nil, err
	}
	document.Packages = append(document.Packages, roots)
	document.Relationships = append(document.Relationships,
		relationship("DOCUMENT", common.TypeRelationshipDescribe, roots.PackageSPDXIdentifier))
	var text bytes.Buffer
	err = spdxjson.Write(document, &text, spdxjson.Indent("  "))
	return text.Bytes(), err
}

// dependencies are the modules in the binary, as they are after replacements, and the standard library.
func dependencies(info *debug.BuildInfo) []*spdx.Package {
	packages := []*spdx.Package{module("stdlib", strings.TrimPrefix(strings.Fields(info.GoVersion)[0], "go"))}
	for _, dependency := range info.Deps {
		if dependency.Replace != nil {
			dependency = dependency.Replace
		}
		described := module(dependency.Path, dependency.Version)
		described.PackageSourceInfo = "go.sum " + dependency.Sum
		packages = append(packages, described)
	}
	return packages
}

// rootCertificates are of the module that this command itself was built with.
func rootCertificates() (*spdx.Package, error) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == rootsModule {
				roots := module(dependency.Path, dependency.Version)
				roots.PackageSourceInfo = "go.sum " + dependency.Sum
				roots.PackageComment = "Source of /etc/ssl/certs/ca-certificates.crt"
				roots.PrimaryPackagePurpose = "FILE"
				return roots, nil
			}
		}
	}
	return nil, fmt.Errorf("this command does not know which version of %s it was built with", rootsModule)
}

// module describes a Go module, whose package URL is what scanners go by.
func module(path, version string) *spdx.Package {
	return &spdx.Package{
		PackageName: path, PackageVersion: version, PackageSPDXIdentifier: identifier(path), PackageDownloadLocation: "NOASSERTION",
		IsFilesAnalyzedTagPresent: true, PackageLicenseConcluded: "NOASSERTION", PackageLicenseDeclared: "NOASSERTION",
		PackageCopyrightText: "NOASSERTION", PrimaryPackagePurpose: "LIBRARY",
		PackageExternalReferences: []*v2_3.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL,
			Locator: "pkg:golang/" + strings.ToLower(path) + "@" + strings.ReplaceAll(version, "+", "%2B"),
		}},
	}
}

var notInIdentifier = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func identifier(path string) common.ElementID {
	return common.ElementID("Package-" + notInIdentifier.ReplaceAllString(path, "-"))
}

func relationship(from common.ElementID, kind string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{RefA: common.DocElementID{ElementRefID: from}, RefB: common.DocElementID{ElementRefID: to}, Relationship: kind}
}
