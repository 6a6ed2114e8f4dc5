// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"errors"
	"os"
	"strings"

	"golang.org/x/term"
)

// errNotConfirmed: a person said no.
var errNotConfirmed = errors.New("nothing was changed")

// confirm asks a person. Where nobody can answer, the flag --yes has to.
func (p *plugin) confirm(question string, yes bool) error {
	if yes {
		return nil
	}
	if file, ok := p.In.(*os.File); ok && !term.IsTerminal(int(file.Fd())) {
		return errors.New("nobody can be asked here: add --yes, if you are sure")
	}
	_, _ = p.Out.Write([]byte(printable(question) + " [y/N] "))
	answer, _ := bufio.NewReader(p.In).ReadString('\n') // no answer is no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errNotConfirmed
}
