// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// The table of values stands between these lines.
const (
	tableBegins = "<!-- values: make chart writes this table from values.yaml -->\n"
	tableEnds   = "<!-- end of values -->\n"
)

// withTable returns a README with the table of the values.
func withTable(readme []byte, values []value) ([]byte, error) {
	before, rest, begins := bytes.Cut(readme, []byte(tableBegins))
	_, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !begins || !ends {
		return nil, fmt.Errorf("there is no place for the table of values: add the lines %q and %q", tableBegins, tableEnds)
	}
	rows, err := rowsOf(values)
	if err != nil {
		return nil, err
	}
	table := "\n| value | default | meaning |\n| --- | --- | --- |\n" + rows + "\n"
	return bytes.Join([][]byte{before, []byte(tableBegins), []byte(table), []byte(tableEnds), after}, nil), nil
}

func rowsOf(values []value) (string, error) {
	var rows strings.Builder
	for _, v := range values {
		if v.isSection() {
			inner, err := rowsOf(v.children)
			if err != nil {
				return "", err
			}
			rows.WriteString(inner)
			continue
		}
		var given any
		if err := v.node.Decode(&given); err != nil {
			return "", err
		}
		printed, err := json.Marshal(given)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&rows, "| `%s` | `%s` | %s |\n", v.path, printed, strings.ReplaceAll(v.description, "|", `\|`))
	}
	return rows.String(), nil
}
