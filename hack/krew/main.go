// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command krew writes the manifest by which krew installs kubectl cognigy: the template .krew.yaml, with the checksums of a release's
// archives.
//
//	go run ./hack/krew VERSION FOLDER > krew.yaml
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"text/template"
)

const manifest = ".krew.yaml"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "krew:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("want a version and the folder of the archives, but got %q", args)
	}
	text, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	filled, err := fill(string(text), args[0], func(archive string) ([]byte, error) {
		return os.ReadFile(filepath.Join(args[1], filepath.Base(archive))) //nolint:gosec // whoever makes the release names the folder
	})
	if err == nil {
		_, err = os.Stdout.Write(filled)
	}
	return err
}

// fill executes a template. Its one function is that of krew-release-bot, which fills the same template from a release that exists.
func fill(text, version string, read func(archive string) ([]byte, error)) ([]byte, error) {
	release := struct{ TagName string }{"v" + version}
	parsed, err := template.New(manifest).Option("missingkey=error").Funcs(template.FuncMap{
		"addURIAndSha": func(address, _ string) (string, error) {
			located, err := executed(template.New("address"), address, release)
			if err != nil {
				return "", err
			}
			data, err := read(path.Base(string(located)))
			if err != nil {
				return "", err
			}
			sum := sha256.Sum256(data)
			return fmt.Sprintf("uri: %s\n    sha256: %s", located, hex.EncodeToString(sum[:])), nil
		},
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	err = parsed.Execute(&filled, release)
	return filled.Bytes(), err
}

func executed(empty *template.Template, text string, data any) ([]byte, error) {
	parsed, err := empty.Parse(text)
	if err != nil {
		return nil, err
	}
	var filled bytes.Buffer
	err = parsed.Execute(&filled, data)
	return filled.Bytes(), err
}
