// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// listOf serves lists that consist of count elements.
func listOf(t *testing.T, count int, element func(i int) string) *cognigy.Client {
	t.Helper()
	return newClient(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		body := bufio.NewWriterSize(w, 64<<10)
		separator := "["
		for i := range count {
			_, _ = body.WriteString(separator)
			if _, err := body.WriteString(element(i)); err != nil { // also that of an earlier write
				return
			}
			separator = ","
		}
		_, _ = body.WriteString("]")
		_ = body.Flush()
	}))
}

// listed is an element of a list.
func listed(i int, name string) string {
	return fmt.Sprintf(`{"_id":"%024x","name":%q,"keyPreview":"8a4f••••••••7c2e","createdAt":1700000000}`, i, name)
}

func ofOperator(key cognigy.Key) bool { return strings.HasSuffix(key.Name, keyName) }

// held is how much memory is in use after all garbage is collected.
func held() uint64 {
	var now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&now)
	return now.HeapAlloc
}

// Anyone who may create keys in Cognigy decides how many there are, and how long their names. An Endpoint with very many is none of
// our business, but a list that cannot be read would keep the operator from revoking its own key.
func TestKeysOfOthersAreNotKept(t *testing.T) {
	cases := map[string]struct {
		count int
		name  string
	}{
		"very many keys":       {200_000, "of somebody else " + strings.Repeat("n", 100)},
		"keys with long names": {500, strings.Repeat("n", 60<<10)},
	}
	for why, c := range cases {
		t.Run(why, func(t *testing.T) {
			g := NewWithT(t)
			// They are made before, since what a server allocates meanwhile would count as the client's.
			elements := make([]string, c.count, c.count+1)
			for i := range elements {
				elements[i] = listed(i, c.name)
			}
			elements = append(elements, listed(c.count, keyName))
			client := listOf(t, len(elements), func(i int) string { return elements[i] })
			before, most := held(), uint64(0)
			keys, err := client.ListKeys(t.Context(), endpointID, func(key cognigy.Key) bool {
				if key.ID[20:] == "0000" || ofOperator(key) {
					most = max(most, held())
				}
				return ofOperator(key)
			})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(keys).To(HaveLen(1))
			g.Expect(keys[0].ID).To(Equal(fmt.Sprintf("%024x", c.count)))
			g.Expect(most).To(BeNumerically("<", before+4*mebibyte))
		})
	}
}

// Those who ask for too many keys get none: without some of them, others would seem revoked.
func TestKeptKeysAreBounded(t *testing.T) {
	g := NewWithT(t)
	const many = 100_000
	client := listOf(t, many, func(i int) string { return listed(i, keyName) })
	keys, err := client.ListKeys(t.Context(), endpointID, everything)
	g.Expect(failure(t, err).Kind).To(Equal(cognigy.TooManyKeys))
	g.Expect(keys).To(BeNil())

	client = listOf(t, 20_000, func(i int) string { return listed(i, keyName) })
	g.Expect(client.ListKeys(t.Context(), endpointID, everything)).To(HaveLen(20_000))
}

// A list that is longer than what is read must be refused: as a shorter one, it would show keys as revoked.
func TestListsBeyondTheBoundsAreRefused(t *testing.T) {
	none := func(cognigy.Key) bool { return false }
	// With what stands before and behind it, each element takes as many bytes as length says, but the first may take fewer.
	padded := func(length, first int) func(int) string {
		return func(i int) string {
			element := listed(i, "n")
			if i == 0 {
				return element + strings.Repeat(" ", first-len(element)-2)
			}
			return element + strings.Repeat(" ", length-len(element)-1)
		}
	}
	cases := map[string]struct {
		client  *cognigy.Client
		refused bool
	}{
		"a list that just fits":          {listOf(t, 256, padded(256<<10, 256<<10)), false},
		"a list that does not":           {listOf(t, 256, padded(256<<10, 256<<10+1)), true},
		"elements that just fit":         {listOf(t, 3, padded(360<<10, 360<<10)), false},
		"an element that does not":       {listOf(t, 3, padded(362<<10, 360<<10)), true},
		"an element that never ends":     {newClient(t, serve(t, endless(200, `[{"_id":"`))), true},
		"an element that never begins":   {newClient(t, serve(t, endless(200, `[`))), true},
		"something behind it, after all": {newClient(t, serve(t, endless(200, `[]`))), true},
	}
	for why, c := range cases {
		t.Run(why, func(t *testing.T) {
			g := NewWithT(t)
			keys, err := c.client.ListKeys(t.Context(), endpointID, none)
			if !c.refused {
				g.Expect(keys, err).To(BeEmpty())
				return
			}
			g.Expect(failure(t, err)).To(MatchError(ContainSubstring("longer than 64 MiB")))
			g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unexpected))
		})
	}
}

// A list may show a key twice.
func TestListedKeysAreKeptOnce(t *testing.T) {
	g := NewWithT(t)
	client := listOf(t, 10, func(i int) string { return listed(i%3, keyName) })
	g.Expect(client.ListKeys(t.Context(), endpointID, everything)).To(HaveLen(3))
}

// Of a name that is longer than any of the operator's, the end decides whose the key is: a user may have put words before it.
func TestLongNamesKeepTheirEnd(t *testing.T) {
	g := NewWithT(t)
	client := listOf(t, 1, func(i int) string { return listed(i, strings.Repeat("ä", 5000)+" "+keyName) })
	keys, err := client.ListKeys(t.Context(), endpointID, everything)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(keys[0].Name).To(HaveSuffix("ä " + keyName))
	g.Expect(len(keys[0].Name)).To(BeNumerically("<=", 800))
	g.Expect(utf8.ValidString(keys[0].Name)).To(BeTrue())
}

// A connection that breaks off is no answer, whatever of the list has arrived.
func TestListThatBreaksOff(t *testing.T) {
	g := NewWithT(t)
	element := listed(0, strings.Repeat("n", 100<<10))
	reply := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n[%s,", 10*len(element), element)
	_, err := newClient(t, accept(t, say(reply)).url).ListKeys(t.Context(), endpointID, everything)
	g.Expect(failure(t, err).Kind).To(Equal(cognigy.Unavailable))
	g.Expect(err).To(MatchError(ContainSubstring("closed before the answer was complete")))
}
