// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageQuery selects a page. Positions are sequence numbers, so that a page neither repeats nor skips
// an item when others are removed between two calls.
type pageQuery struct {
	filter        string // of names
	after, before int    // positions next to the page; 0: none
	skip, limit   int
}

// itemPage is a page as lists show it.
type itemPage[T any] struct {
	Items          []T     `json:"items"`
	Total          int     `json:"total"` // all that match, whichever page they are on
	NextCursor     *string `json:"nextCursor"`
	PreviousCursor *string `json:"previousCursor"`
}

// readPage says whether the parameters of a list are valid. That next and previous exclude each other is inferred.
func readPage(query url.Values) (q pageQuery, ok bool) {
	var limitOK, skipOK, nextOK, previousOK bool
	q.filter = strings.ToLower(query.Get("filter"))
	q.limit, limitOK = number(query, "limit", 25, 1, 100)
	q.skip, skipOK = number(query, "skip", 0, 0, 1<<31-1)
	q.after, nextOK = decodeCursor(query.Get("next"))
	q.before, previousOK = decodeCursor(query.Get("previous"))
	return q, limitOK && skipOK && nextOK && previousOK && (q.after == 0 || q.before == 0)
}

func (q pageQuery) matches(name string) bool {
	return strings.Contains(strings.ToLower(name), q.filter)
}

// pageOf returns a page of what matches, which is in order of the positions.
func pageOf[T, Item any](matching []T, q pageQuery, position func(T) int, item func(T) Item) itemPage[Item] {
	// find returns the index of the first one that is not before a position.
	find := func(at int) int {
		index, _ := slices.BinarySearchFunc(matching, at, func(one T, at int) int { return cmp.Compare(position(one), at) })
		return index
	}
	from := min(find(q.after+1)+q.skip, len(matching))
	to := min(from+q.limit, len(matching))
	if q.before > 0 {
		to = find(q.before)
		from = max(to-q.limit, 0)
	}
	result := itemPage[Item]{Items: []Item{}, Total: len(matching)}
	for _, one := range matching[from:to] {
		result.Items = append(result.Items, item(one))
	}
	if from > 0 && from < to {
		result.PreviousCursor = new(encodeCursor(position(matching[from])))
	}
	if from < to && to < len(matching) {
		result.NextCursor = new(encodeCursor(position(matching[to-1])))
	}
	return result
}

func number(query url.Values, name string, fallback, low, high int) (int, bool) {
	if !query.Has(name) {
		return fallback, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && low <= n && n <= high
}

// A cursor has 24 characters, as Cognigy's have, most of which no client can compute.
func encodeCursor(sequence int) string {
	position := fmt.Sprintf("%08x", sequence)
	return position + fingerprint("cursor " + position)[:16]
}

func decodeCursor(cursor string) (int, bool) {
	if cursor == "" {
		return 0, true
	}
	var sequence int
	_, err := fmt.Sscanf(cursor, "%08x", &sequence)
	return sequence, err == nil && cursor == encodeCursor(sequence)
}
