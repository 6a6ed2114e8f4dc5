// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// get prints the table that the API server makes for kubectl.
func (s *shell) get(arguments []string) func(Gomega) []string {
	return s.table(fmt.Sprintf("/apis/%s/namespaces/%s/%s", v1alpha1.GroupVersion, s.namespace(arguments[1]), arguments[0]))
}

func (s *shell) getEvents(arguments []string) func(Gomega) []string {
	return s.table(fmt.Sprintf("/api/v1/namespaces/%s/events?fieldSelector=reason=%s", s.namespace(arguments[0]), arguments[1]))
}

func (s *shell) table(path string) func(Gomega) []string {
	clients, err := kubernetes.NewForConfig(s.clusters[s.context].Config)
	s.Expect(err).NotTo(HaveOccurred())
	return func(g Gomega) []string {
		answer, err := clients.Discovery().RESTClient().Get().RequestURI(path).
			SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(s.Context).Raw()
		g.Expect(err).NotTo(HaveOccurred())
		table := &metav1.Table{}
		g.Expect(json.Unmarshal(answer, table)).To(Succeed())
		return rows(table)
	}
}

// rows returns the columns that kubectl prints without -o wide.
func rows(table *metav1.Table) []string {
	lines := make([][]string, 1+len(table.Rows))
	for i, column := range table.ColumnDefinitions {
		if column.Priority > 0 {
			continue
		}
		lines[0] = append(lines[0], strings.ToUpper(column.Name))
		for j := range table.Rows {
			lines[j+1] = append(lines[j+1], fmt.Sprint(table.Rows[j].Cells[i]))
		}
	}
	var printed []string
	for _, cells := range lines {
		printed = append(printed, strings.Join(cells, "   "))
	}
	return printed
}

// stable returns the cells of printed rows that are the same whenever and wherever a command is executed.
func stable(printed []string) [][]string {
	var cells [][]string
	for _, line := range printed {
		cells = append(cells, regexp.MustCompile(` {2,}`).Split(line, -1))
	}
	for column := len(cells[0]) - 1; column >= 0; column-- {
		if slices.Contains([]string{"AGE", "PREVIEW", "LAST SEEN", "MESSAGE"}, cells[0][column]) {
			for i := range cells {
				cells[i] = slices.Delete(cells[i], column, column+1)
			}
		}
	}
	return cells
}
