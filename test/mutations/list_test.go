// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

// mutation is a way to break the operator, and the case that notices.
type mutation struct {
	promise string // which is broken: of docs/reliability.md
	what    string
	file    string // below the root of the repository
	old     string // stands once in the file
	broken  string // takes its place
	noticed noticed
}

// noticed is a case of a test.
type noticed struct {
	in      string // the package's folder
	by      string // the test and its subtests, as they are named
	says    string // what the failure says
	moments bool   // the case is one of the full run only
}

const (
	controller  = "internal/controller"
	reliability = "test/reliability"
)

// mutations are in the order of the promises.
var mutations = []mutation{
	{
		"S1", "the finalizer is not added before the first POST",
		"internal/controller/endpointapikey_issue.go",
		"if err := r.protect(ctx, p); err != nil {", "if err := error(nil); err != nil {",
		noticed{in: reliability, by: "TestCrash/first issue", says: "S1: a POST without a finalizer on the resource"},
	},
	{
		"S1", "the finalizer is removed on a 404 that is a proxy's, not Cognigy's",
		"internal/cognigy/errors.go",
		"own := code != 0\n", "own := code != 0\n\tif status == http.StatusNotFound {\n\t\treturn NotFound\n\t}\n",
		noticed{in: controller, by: "TestDeleteBlocked/a proxy answers 404", says: "not found"},
	},
	{
		"S1", "an empty list right after an issuance is trusted",
		"internal/plan/deletion.go",
		"trusted := latest(settles, o.lastShown(t))", "trusted := settles",
		noticed{in: "internal/plan", by: "TestHoles", says: "S1: the resource is gone"},
	},
	{
		"S1", "a key is issued through a connection that is being deleted",
		"internal/controller/endpointapikey_issue.go",
		"if !found.GetDeletionTimestamp().IsZero() {", "if false {",
		noticed{in: controller, by: "TestConnectionDeletedFirst", says: "is being deleted"},
	},
	{
		"S1", "the cache is trusted when credentials are let go of",
		"internal/controller/credentials_controller.go",
		"if !inUse && controllerutil.ContainsFinalizer(secret, v1alpha1.InUseFinalizer) {", "if false {",
		noticed{in: reliability, by: "TestStale/connection deleted first/replayed", says: "Timed out"},
	},
	{
		"S2", "the write of the Secret is not rehearsed",
		"internal/controller/endpointapikey_issue.go",
		"if err := r.rehearse(ctx, p); err != nil {", "if err := error(nil); err != nil {",
		noticed{in: reliability, by: "TestCrash/first issue", says: "S2: a POST without a rehearsal of the Secret's write"},
	},
	{
		"S2", "a Secret of somebody else's is taken for the resource's own",
		"internal/delivery/record.go",
		"if !ours(secret, owner) {", "if false {",
		noticed{in: controller, by: "TestForeignSecret", says: "SecretNotOwned"},
	},
	{
		"S3", "replaced keys are revoked before their overlap is over",
		"internal/plan/upkeep.go",
		"retiresAt := o.Secret.IssuedAt.Add(o.Rotation.Overlap)", "retiresAt := o.Secret.IssuedAt",
		noticed{in: reliability, by: "TestCrash/rotation with overlap", says: "whose overlap is not over"},
	},
	{
		"S3", "one list that does not show the key yet is taken for its revocation",
		"internal/plan/upkeep.go",
		"return missing.IsZero() || o.Listing.At.Before(missing.Add(t.ListLag))", "return missing.IsZero()",
		noticed{in: controller, by: "TestOneListWithoutTheKey", says: "to equal"},
	},
	{
		"S4", "the plaintext is logged",
		"internal/controller/endpointapikey_issue.go",
		`Info("issued a key", "keyID", issued.ID,`, `Info("issued a key", "key", issued.Plaintext.Reveal(), "keyID", issued.ID,`,
		noticed{in: reliability, by: "TestCrash/first issue", says: "S4: a plaintext is found in the operator's logs"},
	},
	{
		"S4", "errors quote what was answered",
		"internal/cognigy/client.go",
		`detail:     "without an error code of Cognigy's: something in front of it answered",`, `detail: string(body),`,
		noticed{in: "test/e2e", by: "TestNothingLeaks", says: "a plaintext is found in the"},
	},
	{
		"S5", "keys are told by the beginning of a marker, not by all of it",
		"internal/plan/marker.go",
		`return strings.HasSuffix(name, " "+marker)`, `return strings.Contains(name, " k8s-") && marker != ""`,
		noticed{in: reliability, by: "TestCrash/deletion", says: "S5: DELETE of key"},
	},
	{
		"S5", "the key that the Secret names is revoked, whoever owns it",
		"internal/plan/observed.go",
		"return o.Listing.Owned(o.Marker)",
		"owned := o.Listing.Owned(o.Marker)\n\tif key, ok := o.listed(); ok && !HasMarker(key.Name, o.Marker) {\n\t\towned = append(owned, key)\n\t}\n\treturn owned",
		noticed{in: controller, by: "TestTamperingBeforeDeletion/a record of its own value", says: "at-hand-made"},
	},
	{
		"S5", "another cluster's orphans are taken for this one's",
		"internal/plan/orphans.go",
		`owner, ok := strings.CutPrefix(name[start:], ours)`, `owner, ok := name[len(name)-ownerDigits:], ours != ""`,
		noticed{in: controller, by: "TestWhatIsNoOrphanStays", says: "to be true"},
	},
	{
		"S6", "no intent is recorded before the POST",
		"internal/controller/endpointapikey_issue.go",
		"return r.patchStatus(ctx, p, status)", "p.key.Status = status\n\treturn nil",
		noticed{in: reliability, by: "TestCrash/first issue", says: "S6: a POST without an intent of its own"},
	},
	{
		"S6", "the intent is recorded without optimistic lock",
		"internal/controller/endpointapikey_act.go",
		"r.Status().Patch(ctx, changed, client.MergeFromWithOptions(p.key, client.MergeFromWithOptimisticLock{}))",
		"r.Status().Patch(ctx, changed, client.MergeFrom(p.key))",
		noticed{in: reliability, by: "TestLeaders/first issue/patch endpointapikeys #1", says: "a needless POST", moments: true},
	},
	{
		"S6", "a process that was paused sends its POST after its attempt",
		"internal/cognigy/transport.go",
		"if !time.Now().Before(p.deadline) {", "if false {",
		noticed{in: "internal/cognigy", by: "TestNothingIsWrittenTooLate/too late", says: "to equal"},
	},
	{
		"S6", "a connection serves namespaces that it does not allow",
		"internal/connection/resolver.go",
		"if !allowed {", "if !allowed && namespace == \"\" {",
		noticed{in: controller, by: "TestClusterConnection", says: "ConnectionNotAllowed"},
	},
	{
		"S6", "the POST is repeated when it fails",
		"internal/cognigy/client.go",
		"if request.Method == http.MethodPost {", "if request.Method == http.MethodPatch {",
		noticed{in: reliability, by: "TestCrash/first issue, whose answer is lost", says: "S6: a POST without an intent of its own"},
	},
	{
		"liveness", "keys are made without a budget",
		"internal/plan/upkeep.go",
		"if len(recent) < mintBudget {", "if len(recent) >= 0 {",
		noticed{in: "internal/plan", by: "TestMintBudget", says: "MintBudgetExhausted"},
	},
}
