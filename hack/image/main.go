// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command image builds the operator's image, without a container engine: it compiles the operator for each platform, and writes an
// OCI layout whose index has the image of each platform and its SBOM as a referrer. With --push, it also writes both to a registry.
// Last it prints the image's digest, after the name of the repository if it was pushed.
//
// The same source, Go release, flags and SOURCE_DATE_EPOCH make the same digest, in whatever folder and at whatever time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// settings are what an image is made from.
type settings struct {
	source    string // folder of the operator's module
	version   string
	revision  string // of the source, for the label
	fips      string // value of GOFIPS140: "off", or the version of Go's FIPS 140-3 module
	platforms []string
	created   time.Time // of everything in the image
	output    string    // folder of the OCI layout; the SBOMs are files beside it
	push      string    // reference to push to; "" for none
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	var images []built
	for _, platform := range s.platforms {
		fmt.Fprintln(os.Stderr, "image: compiling the operator for", platform)
		image, err := s.build(ctx, platform)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		images = append(images, image)
	}
	index := s.index(images)
	if err := s.write(index, images); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	if s.push == "" {
		fmt.Println(digest)
		return nil
	}
	return s.publish(ctx, index, images, digest)
}

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.StringVar(&s.source, "source", ".", "`folder` of the operator's module")
	flags.StringVar(&s.version, "version", "dev", "version that the operator reports")
	flags.StringVar(&s.revision, "revision", "", "commit of the source")
	flags.StringVar(&s.fips, "fips140", "off", "version of Go's FIPS 140-3 module to build with, as in v1.0.0")
	platforms := flags.String("platforms", "linux/amd64,linux/arm64", "comma-separated platforms")
	flags.StringVar(&s.output, "output", "dist/image", "`folder` of the OCI layout; it may not exist yet")
	flags.StringVar(&s.push, "push", "", "`reference` to push the image to")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if _, err := os.Stat(s.output); !os.IsNotExist(err) {
		return nil, fmt.Errorf("%s exists already; remove it, so that nothing of an earlier image is left in it", s.output)
	}
	s.platforms = strings.Split(*platforms, ",")
	for _, platform := range s.platforms {
		if _, err := v1.ParsePlatform(platform); err != nil {
			return nil, fmt.Errorf("--platforms: %w", err)
		}
	}
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return nil, errors.New("set SOURCE_DATE_EPOCH to the time of the source, in Unix seconds, as in $(git log -1 --format=%ct)")
	}
	s.created = time.Unix(seconds, 0).UTC()
	return s, nil
}
