// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// printTable prints what the API server answers to kubectl get: the columns are its, not the demo's.
func (d *demo) printTable(ctx context.Context, resource string) (*metav1.Table, error) {
	clients, err := kubernetes.NewForConfig(d.plane.Config())
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("/apis/%s/namespaces/%s/%s", v1alpha1.GroupVersion, d.name.Namespace, resource)
	answer, err := clients.Discovery().RESTClient().Get().AbsPath(path).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(ctx).Raw()
	if err != nil {
		return nil, err
	}
	table := &metav1.Table{}
	if err := json.Unmarshal(answer, table); err != nil {
		return nil, err
	}
	d.out.note(align(rowsOf(table)))
	return table, nil
}

// rowsOf returns the header and the rows of the columns that kubectl shows without -o wide.
func rowsOf(table *metav1.Table) [][]string {
	rows := make([][]string, 1+len(table.Rows))
	for i, column := range table.ColumnDefinitions {
		if column.Priority > 0 {
			continue
		}
		rows[0] = append(rows[0], strings.ToUpper(column.Name))
		for j := range table.Rows {
			cell := "<none>"
			if value := table.Rows[j].Cells[i]; value != nil {
				cell = fmt.Sprint(value)
			}
			rows[j+1] = append(rows[j+1], cell)
		}
	}
	return rows
}

// align puts the cells of each column below each other, three spaces apart.
func align(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		for j, cell := range row {
			row[j] = cell + strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
		}
		lines[i] = strings.TrimRight(strings.Join(row, "   "), " ")
	}
	return strings.Join(lines, "\n")
}
