// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const conditionTimeMessage = "lastTransitionTime is a date and time with its zone; write for example 2026-11-22T10:00:00Z"

func condition(with map[string]any) fields {
	c := map[string]any{"type": "Ready", "status": "True", "reason": "Delivered", "message": "", "lastTransitionTime": "2026-11-22T10:00:00Z"}
	for field, value := range with {
		c[field] = value
	}
	return fields{"status.conditions": []any{c}}
}

// Status is written by the operator, but also by backups that are restored and by people in need. Whatever they write,
// the operator must be able to read it.
func TestConditions(t *testing.T) {
	transition := func(at string) fields { return condition(map[string]any{"lastTransitionTime": at}) }
	several := func(n int) fields {
		var result []any
		for i := range n {
			result = append(result, map[string]any{
				"type": fmt.Sprintf("Type%d", i), "status": "True", "reason": "A", "message": "", "lastTransitionTime": "2026-11-22T10:00:00Z",
			})
		}
		return fields{"status.conditions": result}
	}
	for _, k := range kinds {
		testStatus(t, k, []admission{
			{why: "as the operator writes it", with: condition(nil)},
			{why: "another zone, as a person might", with: transition("2026-11-22T11:00:00+01:00")},
			{why: "lower case passes for a date-time, but Go cannot read it", with: transition("2026-11-22t10:00:00z"), refused: conditionTimeMessage},
			{why: "half of it, too", with: transition("2026-11-22T10:00:00z"), refused: conditionTimeMessage},
			{why: "no place is that far east", with: transition("2026-11-22T10:00:00+99:99"), refused: conditionTimeMessage},
			{why: "year 0 becomes year -1 in UTC", with: transition("0000-01-01T00:00:00+23:59"), refused: conditionTimeMessage},
			{why: "year 9999 becomes year 10000 in UTC", with: transition("9999-12-31T23:59:59-23:59"), refused: conditionTimeMessage},
			{why: "a leap second", with: transition("2016-12-31T23:59:60Z"), refused: "must be of type date-time"},
			{why: "no year has this day", with: transition("2026-02-30T00:00:00Z"), refused: "must be of type date-time"},
			{why: "a list of nulls", with: fields{"status.conditions": []any{nil}}, refused: "status.conditions[0]: Invalid value"},
			{why: "no list", with: fields{"status.conditions": nil}},
			{why: "a type twice would be ambiguous", with: fields{"status.conditions": []any{
				condition(nil)["status.conditions"].([]any)[0], condition(nil)["status.conditions"].([]any)[0],
			}}, refused: "status.conditions[1]: Duplicate value"},
			{why: "three are ours, the rest is for others", with: several(16)},
			{why: "no more than that", with: several(17), refused: "status.conditions: Too many: 17: must have at most 16 items"},
		})
	}
}

func TestLastHandledReconcileAt(t *testing.T) {
	for _, k := range kinds {
		testStatus(t, k, []admission{
			{why: "any string that Flux writes", with: fields{"status.lastHandledReconcileAt": "2026-11-22T10:00:00.123456789+01:00"}},
			{why: "not set", with: fields{"status.lastHandledReconcileAt": nil}},
			{why: "the longest", with: fields{"status.lastHandledReconcileAt": long(1024)}},
			{why: "longer", with: fields{"status.lastHandledReconcileAt": long(1025)}, refused: "status.lastHandledReconcileAt: Too long"},
		})
	}
}

func TestOrphanScan(t *testing.T) {
	others := func(hashes ...any) fields {
		return fields{"status.orphanScan": fields{
			"count": 0, "time": "2026-11-22T10:00:00Z", "otherIdentityCount": 1, "otherIdentityHashes": hashes,
		}}
	}
	var many []any
	for i := range v1alpha1.MaxIdentityHashes + 1 {
		many = append(many, fmt.Sprintf("%010x", i))
	}
	for _, k := range connectionKinds {
		testStatus(t, k, []admission{
			{why: "no scan yet", with: fields{"status.orphanScan": nil}},
			{why: "no orphans", with: fields{"status.orphanScan": fields{"count": 0, "time": "2026-11-22T10:00:00Z"}}},
			{why: "no time", with: fields{"status.orphanScan": fields{"count": 0}}, refused: "status.orphanScan.time: Required value"},
			{why: "no count", with: fields{"status.orphanScan": fields{"time": "2026-11-22T10:00:00Z"}}, refused: "status.orphanScan.count: Required value"},
			{why: "keys of another identity", with: others("0123456789")},
			{why: "the hash of an identity has ten digits", with: others("012345678"), refused: "status.orphanScan.otherIdentityHashes[0]"},
			{why: "hexadecimal ones", with: others("012345678G"), refused: "status.orphanScan.otherIdentityHashes[0]"},
			{why: "each hash once", with: others("0123456789", "0123456789"), refused: "status.orphanScan.otherIdentityHashes[1]: Duplicate value"},
			{why: "as many hashes as the operator reports", with: others(many[1:]...)},
			{why: "more", with: others(many...), refused: "status.orphanScan.otherIdentityHashes: Too many"},
		})
	}
}

func TestOrphanRevocations(t *testing.T) {
	reported := func(id, result string) any { return map[string]any{"keyID": id, "result": result} }
	revocations := func(all ...any) fields { return fields{"status.orphanRevocations": all} }
	var many []any
	for i := range v1alpha1.MaxRevocations + 1 {
		many = append(many, reported(fmt.Sprint(i), "Revoked"))
	}
	for _, k := range connectionKinds {
		testStatus(t, k, []admission{
			{why: "one of each result", with: revocations(reported("a", "Revoked"), reported("b", "NotRevoked"), reported("c", "Pending"))},
			{why: "no other result", with: revocations(reported("a", "Lost")), refused: "status.orphanRevocations[0].result: Unsupported value"},
			{why: "each key once", with: revocations(reported("a", "Revoked"), reported("a", "Pending")), refused: "status.orphanRevocations[1]: Duplicate value"},
			{why: "the longest id that the operator reports", with: revocations(reported(long(64), "NotRevoked"))},
			{why: "longer", with: revocations(reported(long(65), "NotRevoked")), refused: "status.orphanRevocations[0].keyID: Too long"},
			{why: "as many keys as a person may name", with: revocations(many[1:]...)},
			{why: "more", with: revocations(many...), refused: "status.orphanRevocations: Too many"},
			{why: "the longest annotation", with: fields{"status.lastHandledRevokeOrphans": long(2048)}},
			{why: "longer than that", with: fields{"status.lastHandledRevokeOrphans": long(2049)}, refused: "status.lastHandledRevokeOrphans: Too long"},
		})
	}
}

func TestEndpointAPIKeyStatus(t *testing.T) {
	var cases []admission
	for field, value := range map[string]func(at any) fields{
		"issuedAt":  func(at any) fields { return fields{"status.issuedAt": at} },
		"rotatesAt": func(at any) fields { return fields{"status.rotatesAt": at} },
		"revokeAt": func(at any) fields {
			return fields{"status.retiring": []any{map[string]any{"keyID": "a", "replacedAt": "2026-11-22T09:00:00Z", "revokeAt": at}}}
		},
	} {
		cases = append(cases,
			admission{why: field + " as Go writes it", with: value("2026-11-22T10:00:00Z")},
			admission{why: field + " in the first year that Go can write", with: value("0000-01-01T00:00:00Z")},
			admission{why: field + " in the last", with: value("9999-12-31T23:59:59Z")},
			admission{why: field + " in lower case, which Go cannot read", with: value("2026-11-22t10:00:00z"), refused: field + " in body should match"},
			admission{why: field + " with an offset, which can lead out of Go's years", with: value("9999-12-31T23:59:59-23:59"), refused: field + " in body should match"},
			admission{why: field + " in no time zone", with: value("2026-11-22T10:00:00+99:99"), refused: field + " in body should match"},
			admission{why: field + " in a leap second", with: value("2016-12-31T23:59:60Z"), refused: "must be of type date-time"},
			admission{why: field + " on no day", with: value("2026-02-30T00:00:00Z"), refused: "must be of type date-time"},
		)
	}
	testStatus(t, keys, append(cases, []admission{
		{why: "an attempt began, to the microsecond", with: fields{"status.issuance.startedAt": "2026-11-22T10:00:00.123456Z"}},
		{why: "and ends, to the microsecond", with: fields{"status.issuance": map[string]any{
			"startedAt": "2026-11-22T10:00:00.123456Z", "deadline": "2026-11-22T10:00:30.123456Z",
		}}},
		{why: "Go reads no other form of its end either", with: fields{"status.issuance": map[string]any{
			"startedAt": "2026-11-22T10:00:00.123456Z", "deadline": "2026-11-22T10:00:30Z",
		}}, refused: "deadline in body should match"},
		{why: "Go reads exactly six digits, not none", with: fields{"status.issuance.startedAt": "2026-11-22T10:00:00Z"}, refused: "startedAt in body should match"},
		{why: "nor seven", with: fields{"status.issuance.startedAt": "2026-11-22T10:00:00.1234567Z"}, refused: "startedAt in body should match"},
		{why: "nor in another zone", with: fields{"status.issuance.startedAt": "2026-11-22T10:00:00.123456+99:99"}, refused: "startedAt in body should match"},
		{why: "nor on a day that no year has", with: fields{"status.issuance.startedAt": "2026-02-30T00:00:00.000000Z"}, refused: "must be of type date-time"},
		{why: "nor in a leap second", with: fields{"status.issuance.startedAt": "2016-12-31T23:59:60.000000Z"}, refused: "must be of type date-time"},
		{why: "an attempt without a beginning could not be waited for", with: fields{"status.issuance": map[string]any{}}, refused: "status.issuance.startedAt: Required value"},
		{why: "nor one that began at null", with: fields{"status.issuance": map[string]any{"startedAt": nil}}, refused: "status.issuance.startedAt: Required value"},

		{why: "null everywhere is an empty status", with: fields{
			"status.observedGeneration": nil, "status.endpointID": nil, "status.keyID": nil, "status.keyPreview": nil, "status.issuedAt": nil, "status.rotatesAt": nil,
			"status.secretName": nil, "status.issuance": nil, "status.retiring": nil, "status.lastHandledReconcileAt": nil, "status.conditions": nil,
		}},
		{why: "a replaced key with a preview of null", with: retiring(map[string]any{"keyID": "a", "keyPreview": nil, "replacedAt": "2026-11-22T09:00:00Z", "revokeAt": "2026-11-22T10:00:00Z"})},
		{why: "a replaced key of null", with: fields{"status.retiring": []any{nil}}, refused: "status.retiring[0]: Invalid value"},
		{why: "a replaced key is known by its id", with: retiring(map[string]any{"replacedAt": "2026-11-22T09:00:00Z", "revokeAt": "2026-11-22T10:00:00Z"}), refused: "status.retiring[0].keyID: Required value"},
		{why: "was replaced some day", with: retiring(map[string]any{"keyID": "a", "revokeAt": "2026-11-22T10:00:00Z"}), refused: "status.retiring[0].replacedAt: Required value"},
		{why: "and ends some day", with: retiring(map[string]any{"keyID": "a", "replacedAt": "2026-11-22T09:00:00Z"}), refused: "status.retiring[0].revokeAt: Required value"},
		{why: "a key is replaced once", with: retiring(retired("a"), retired("a")), refused: "status.retiring[1]: Duplicate value"},
		{why: "a hundred", with: retiring(hundred()...)},
		{why: "more keys than anybody can overlook", with: retiring(append(hundred(), retired("one more"))...), refused: "status.retiring: Too many: 101: must have at most 100 items"},

		{why: "as long as it gets", with: fields{
			"status.endpointID": long(24), "status.keyID": long(24), "status.secretName": long(253), "status.keyPreview": strings.Repeat("•", 256),
			"status.retiring": []any{map[string]any{"keyID": long(24), "keyPreview": long(256), "replacedAt": "2026-11-22T09:00:00Z", "revokeAt": "2026-11-22T10:00:00Z"}},
		}},
		{why: "endpointID is bounded", with: fields{"status.endpointID": long(25)}, refused: "status.endpointID: Too long"},
		{why: "an attempt is for an Endpoint", with: attempt(long(24))},
		{why: "whose id is bounded, too", with: attempt(long(25)), refused: "status.issuance.endpointID: Too long"},
		{why: "keyID is bounded", with: fields{"status.keyID": long(25)}, refused: "status.keyID: Too long"},
		{why: "keyPreview is bounded", with: fields{"status.keyPreview": long(257)}, refused: "status.keyPreview: Too long"},
		{why: "secretName is bounded", with: fields{"status.secretName": long(254)}, refused: "status.secretName: Too long"},
		{why: "a replaced key's id is bounded", with: retiring(retired(long(25))), refused: "status.retiring[0].keyID: Too long"},
		{
			why: "a replaced key's preview is bounded", with: retiring(map[string]any{"keyID": "a", "keyPreview": long(257), "replacedAt": "2026-11-22T09:00:00Z", "revokeAt": "2026-11-22T10:00:00Z"}),
			refused: "status.retiring[0].keyPreview: Too long",
		},
	}...))
}

func retiring(replaced ...any) fields { return fields{"status.retiring": replaced} }

func attempt(endpointID string) fields {
	return fields{"status.issuance": map[string]any{"startedAt": "2026-11-22T10:00:00.123456Z", "endpointID": endpointID}}
}

func retired(id string) any {
	return map[string]any{"keyID": id, "replacedAt": "2026-11-22T09:00:00Z", "revokeAt": "2026-11-22T10:00:00Z"}
}

func hundred() []any {
	var result []any
	for i := range 100 {
		result = append(result, retired(fmt.Sprint(i)))
	}
	return result
}
