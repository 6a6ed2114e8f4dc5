// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

// mutation is a way to break the operator, and the case that notices.
type mutation struct {
	promise string // which is broken: of docs/reliability.md
	what    string // what the broken operator does
	anchor  string // names the comment above the code that is changed
	form    form   // what becomes of that code
	noticed noticed
}

// noticed is a case of a test.
type noticed struct {
	in   string // the package's folder
	by   string // the test and its subtests, or the text of the spec
	says string // what the failure says
}

const (
	controller  = "test/integration"
	endToEnd    = "test/e2e"
	reliability = "test/reliability"
)

// mutations are in the order of the promises.
var mutations = []mutation{
	{
		"S1", "The operator adds the finalizer only after the first POST.",
		"post-without-finalizer", skip,
		noticed{in: reliability, by: "TestCrash/first issue", says: "S1: a POST without a finalizer on the resource"},
	},
	{
		"S1", "The operator takes a proxy's 404 for Cognigy's, and removes the finalizer.",
		"proxy-answer-as-not-found", insert("return NotFound"),
		noticed{in: controller, by: "The deletion of an EndpointAPIKey waits as long as the key cannot be revoked: a proxy answers 404", says: "not found"},
	},
	{
		"S1", "The operator takes a Cognigy that knows no list of an Endpoint's keys for one that does not know the Endpoint, and removes the finalizer.",
		"believe-list-that-endpoint-is-gone", never,
		noticed{in: "internal/connection", by: "TestEndpointWithoutKeys/The Endpoint exists.", says: "keys not supported"},
	},
	{
		"S1", "The operator trusts an empty list right after an issuance, and removes the finalizer.",
		"release-on-early-list", never,
		noticed{in: "internal/plan", by: "TestHoles", says: "S1: the resource is gone"},
	},
	{
		"S1", "The operator takes what another operator's clock says for the future, if that is a second ahead.",
		"disbelieve-other-clocks", insert("tolerance = 0"),
		noticed{in: "internal/plan", by: "TestHoles", says: "S1: the resource is gone"},
	},
	{
		"S1", "The operator takes its own issuance for the latest although the Secret does not say so.",
		"trust-own-attempt", always,
		noticed{in: "internal/plan", by: "TestDeletedResource/The end of this process's attempt says nothing of a later one of another process.", says: "planned"},
	},
	{
		"S1", "The operator issues a key through a connection that is being deleted.",
		"issue-through-deleted-connection", never,
		noticed{in: controller, by: "A CognigyConnection that EndpointAPIKeys refer to stays until the last key is revoked, and names the resources that it waits for", says: "ConnectionNotReady"},
	},
	{
		"S1", "The operator releases credentials because its cache shows no user of them.",
		"release-credentials-by-cache", skip,
		noticed{in: reliability, by: "TestStale/connection deleted first/replayed", says: "Timed out"},
	},
	{
		"S1", "The operator releases connections as soon as one answer says that there are no EndpointAPIKeys.",
		"believe-one-absence", never,
		noticed{in: controller, by: "Without the CustomResourceDefinition of EndpointAPIKeys the operator believes that after two answers, some seconds apart, with none between them that shows the kind", says: "Expected an error, got nil"},
	},
	{
		"S1", "The operator releases a resource on a list from before attempts that someone cleared from the status could have had an effect.",
		"trust-cleared-status", never,
		noticed{in: "internal/plan", by: "TestDeletionSoonAfterAnIssue/Where nothing tells of an issuance, one may have begun just before the deletion.", says: "planned"},
	},
	{
		"S1", "The operator revokes the keys of a resource that names its Endpoint where the name leads now, and nowhere else.",
		"look-where-the-name-leads", never,
		noticed{in: controller, by: "An EndpointAPIKey that names its Endpoint has its key revoked with it, also when its Endpoint was renamed, another one has the name, and the Secret is gone, and the status names another Endpoint", says: "live keys of a resource that is gone"},
	},
	{
		"S1", "The operator reports the Endpoint that a forged record names, so that record and report agree.",
		"report-forged-endpoint", insert("return endpointID != \"\""),
		noticed{in: "internal/plan", by: "TestEvidenceProves", says: "to be false"},
	},
	{
		"S1", "The operator believes a record or a report alone of which Endpoint has the keys to revoke.",
		"trust-lone-evidence", insert("return len(e.Named()) == 1"),
		noticed{in: "internal/plan", by: "TestEvidenceAgrees/The report alone may be forged.", says: "to equal"},
	},
	{
		"S2", "The operator sends the POST without a dry run of the Secret's write.",
		"post-without-dry-run", skip,
		noticed{in: reliability, by: "TestCrash/first issue", says: "S2: a POST without a dry run of the Secret's write"},
	},
	{
		"S2", "The operator takes a foreign Secret for the resource's own.",
		"foreign-secret-as-own", always,
		noticed{in: controller, by: "The Secret of an EndpointAPIKey is never one that others own: no key is issued until theirs is gone", says: "SecretNotOwned"},
	},
	{
		"S2", "The operator sends the POST although a template fails, so that nothing can be written.",
		"post-with-failing-template", insert("if _, err := s.compose(record, plaintext, now); err != nil { return nil }"),
		noticed{in: controller, by: "The templates of a Secret are refused before a key exists: one that fails", says: "to be zero-valued"},
	},
	{
		"S2", "The operator sends the POST although a template needs an Endpoint that cannot be read.",
		"post-without-reading-endpoint", never,
		noticed{in: controller, by: "The templates of a Secret that tell of the Endpoint keep the operator from requesting a key while it cannot be read: Cognigy refuses it", says: "to be zero-valued"},
	},
	{
		"S3", "The operator revokes a replaced key before its overlap is over.",
		"revoke-within-overlap", always,
		noticed{in: reliability, by: "TestCrash/rotation with overlap", says: "whose overlap is not over"},
	},
	{
		"S3", "The operator revokes a replaced key while workloads have not restarted with the new one.",
		"revoke-during-rollout", never,
		noticed{in: "internal/plan", by: "TestReplacedKeyDuringRollout/A replaced key works until its overlap is over and the rollout is complete.", says: "planned"},
	},
	{
		"S3", "The operator takes a delivered key for revoked as soon as one list does not show it.",
		"one-list-proves-revocation", never,
		noticed{in: controller, by: "A Cognigy that fails proves nothing by one list without the key", says: "to equal"},
	},
	{
		"S3", "The operator takes the part of a list that fits into its memory for the whole list.",
		"shorten-list", insert("return nil"),
		noticed{in: "internal/cognigy", by: "TestKeptKeysAreBounded", says: "is no Error"},
	},
	{
		"S3", "The operator revokes a key that no record names, although nobody knows whether the Secret held it.",
		"revoke-without-fence", always,
		noticed{in: "internal/plan", by: "TestLostAndReplacedKeys/If the Secret changed since, nobody can tell. The record names the key first, so that a late delivery fails.", says: "planned"},
	},
	{
		"S3", "The operator takes a record that somebody put back for the latest one.",
		"believe-record-put-back", always,
		noticed{in: "internal/plan", by: "TestLostAndReplacedKeys/A record that says of the key which the status names that it was replaced is not the latest one: the key retires from now on.", says: "planned"},
	},
	{
		"S3", "The operator revokes the keys of a resource that is gone although the one that was restored in its place took them over.",
		"revoke-what-was-taken-over", never,
		noticed{in: "internal/plan", by: "TestDeletedResource/Keys that the Secret of another resource records were taken over by that one, which was restored in this one's place.", says: "planned"},
	},
	{
		"S3", "The operator does not look at who has the Secret of a resource that is gone.",
		"ignore-restored-owner", never,
		noticed{in: reliability, by: "TestStale/lost, and restored at once/held back", says: "S3: DELETE of key"},
	},
	{
		"S4", "The operator logs the plaintext.",
		"log-plaintext", insert("println(issued.Plaintext.Reveal())"),
		noticed{in: reliability, by: "TestCrash/first issue", says: "S4: a plaintext is found in the operator's logs"},
	},
	{
		"S4", "The operator quotes the body of an answer in an error.",
		"error-quotes-body", insert("failure.detail = string(body)"),
		noticed{in: endToEnd, by: "The operator shows no plaintext and no credential in metrics, traces, logs, events or conditions, whatever fails", says: "a plaintext is found in the"},
	},
	{
		"S4", "The operator quotes the answer that refuses an access token.",
		"token-error-quotes-body", insert("return unexpected(call, http.StatusOK, err.Error())"),
		noticed{in: "internal/cognigy", by: "TestRefusalOfATokenIsNotQuoted", says: "a secret comes out by"},
	},
	{
		"S4", "The operator logs the warnings of admission, which may quote a Secret.",
		"log-warnings", skip,
		noticed{in: endToEnd, by: "The operator's log holds no warnings of admission, which may quote Secrets", says: "canary-that-nobody-may-log"},
	},
	{
		"S4", "net/http logs bytes that a server sent beyond its answer.",
		"log-unsolicited-bytes", skip,
		noticed{in: endToEnd, by: "The operator's log holds nothing that a server sends beyond its answer", says: "canary-that-nobody-may-log"},
	},
	{
		"S4", "The operator accepts a verbosity at which client-go logs Secrets.",
		"log-bodies", never,
		noticed{in: endToEnd, by: "The operator's process refuses settings that cannot work, and names the flag: --zap-log-level: at most 7", says: "to contain substring"},
	},
	{
		"S4", "The error of a template quotes the key.",
		"template-error-quotes-key", skip,
		noticed{in: "internal/render", by: "TestFailures", says: "not to contain substring"},
	},
	{
		"S5", "The operator compares only the beginning of a marker, and revokes other resources' keys.",
		"compare-marker-prefix", insert(`if strings.Contains(name, " k8s-") { return true }`),
		noticed{in: reliability, by: "TestCrash/deletion", says: "S5: DELETE of key"},
	},
	{
		"S5", "The operator revokes the key that the Secret names, whoever owns it.",
		"own-recorded-key", insert("if key.ID == o.Secret.KeyID { owned = append(owned, key); continue }"),
		noticed{in: controller, by: "A forged record or report that is made while the resource is suspended aims its deletion at no key but its own: a record of its own value", says: "at-hand-made"},
	},
	{
		"S5", "The operator takes another cluster's orphans for its own.",
		"own-foreign-orphans", never,
		noticed{in: controller, by: "An orphan is no key of a person, of another cluster or of a resource, and none that a Secret records", says: "to be true"},
	},
	{
		"S5", "The operator revokes keys of other identities of its cluster, which may be another cluster's.",
		"revoke-other-identities", insert(`twice = append(twice, s.others...)`),
		noticed{in: controller, by: "A key that the cluster issued under another identity is named and never revoked, until --former-cluster-ids says whose it is", says: "to be true"},
	},
	{
		"S5", "The operator revokes a key of a living resource, if a person names it.",
		"revoke-owned-keys", never,
		noticed{in: "internal/plan", by: "TestStandingOf", says: "with owners [owner]"},
	},
	{
		"S5", "The operator revokes orphans that nobody named, and that may be another cluster's.",
		"revoke-unnamed-orphans", always,
		noticed{in: "internal/plan", by: "TestRevocable", says: "all: false"},
	},
	{
		"S5", "The operator takes over the Secret, and the key, of a resource that lives.",
		"take-from-existing-owner", never,
		noticed{in: "internal/plan", by: "TestFormerLife/A Secret whose owner lives is that one's.", says: "planned"},
	},
	{
		"S6", "The operator sends the POST without recording the intent.",
		"post-without-intent", insert("s.key.Status = status; return nil"),
		noticed{in: reliability, by: "TestCrash/first issue", says: "S6: a POST without an intent of its own"},
	},
	{
		"S6", "The operator patches without optimistic lock.",
		"patch-without-lock", skip,
		noticed{in: reliability, by: "TestLeaders/first issue/patch endpointapikeys #1", says: "a needless POST"},
	},
	{
		"S6", "A process that was paused sends its POST after the attempt's deadline.",
		"post-after-deadline", never,
		noticed{in: "internal/cognigy", by: "TestNothingIsWrittenTooLate/too late", says: "to equal"},
	},
	{
		"S6", "The operator lets a namespace use a connection that does not allow it.",
		"use-without-permission", never,
		noticed{in: controller, by: "A ClusterCognigyConnection issues keys to the namespaces that it allows, and revokes keys of those that it does not allow any more", says: "ConnectionNotAllowed"},
	},
	{
		"S6", "The operator issues a key for an Endpoint that no grant opens to the namespace.",
		"use-without-grant", never,
		noticed{in: controller, by: "The grants of a ClusterCognigyConnection open to a namespace the Endpoints that they list for it, from when they do until they do not", says: "ConnectionNotAllowed"},
	},
	{
		"S6", "The operator issues a key for an Endpoint that is in none of the granted projects.",
		"grant-unlisted-endpoint", always,
		noticed{in: "internal/connection", by: "TestGrants/no project has it", says: "to equal"},
	},
	{
		"S6", "The operator issues a key for the Endpoint that a forged report names, although the resource's name means another one.",
		"post-on-unproven-endpoint", never,
		noticed{in: controller, by: "An EndpointAPIKey that names its Endpoint gets no key for an Endpoint that its name does not mean, if the status names it, and there is no Secret", says: "EndpointChanged"},
	},
	{
		"S6", "The operator takes the Endpoint that a report names for the one with the resource's keys, wherever these are.",
		"believe-first-evidence", always,
		noticed{in: "internal/plan", by: "TestPin/A report that names an Endpoint without keys of the resource is forged, if the one that has the name has some.", says: "to equal"},
	},
	{
		"S6", "The operator uses a ClusterCognigyConnection that another installation serves.",
		"use-unserved-connection", never,
		noticed{in: controller, by: "An installation that is limited to namespaces writes nothing to a ClusterCognigyConnection, and says to resources that it does not serve it", says: "ConnectionNotAllowed"},
	},
	{
		"S6", "The client sends each POST twice.",
		"repeat-post", insert("_ = c.do(ctx, request)"),
		noticed{in: reliability, by: "TestCrash/first issue, whose answer is lost", says: "S6: a POST without an intent of its own"},
	},
	{
		"S6", "The client repeats a POST whose token was rejected.",
		"repeat-post-after-401", never,
		noticed{in: "internal/cognigy", by: "TestPOSTIsNotRepeatedAfterItsTokenWasRejected/an access token", says: "Expected"},
	},
	{
		"S7", "A namespace whose requests hang takes every worker.",
		"namespace-exceeds-concurrency-limit", never,
		noticed{in: "internal/ratelimit", by: "TestConcurrencyLimit", says: "than there are workers"},
	},
	{
		"S7", "A namespace that asks first takes every token.",
		"namespace-takes-every-token", insert("return 0"),
		noticed{in: "internal/ratelimit", by: "TestNamespacesAreServedRoundRobin", says: "to be true"},
	},
	{
		"S7", "The operator remembers every list of a namespace that names very many Endpoints.",
		"remember-every-list", always,
		noticed{in: "internal/connection", by: "TestRememberedListsAreBounded", says: "to be <="},
	},
	{
		"S7", "The operator keeps in memory whatever CA bundles a namespace's connections have.",
		"keep-every-bundle", never,
		noticed{in: "internal/connection", by: "TestBundlesAreBounded", says: "Expected an error"},
	},
	{
		"S7", "The operator gives every connection of a namespace that has very many series of its own in its metrics.",
		"name-every-connection", never,
		noticed{in: "internal/metrics", by: "TestHostileNamespace", says: "to have length 16"},
	},
	{
		"S7", "The operator gives every host that tenants name series of its own in its metrics.",
		"name-every-host", always,
		noticed{in: "internal/metrics", by: "TestHostileNamespace", says: "to have length 2"},
	},
	{
		"S7", "The operator keeps in memory whatever annotations its Secrets carry.",
		"cache-whole-metadata", never,
		noticed{in: controller, by: "The operator's cache holds of a Secret what decides, whatever else it carries", says: "to be <"},
	},
	{
		"S7", "The operator lists keys with the credentials of a connection for a resource that may not use it.",
		"list-for-unpermitted", never,
		noticed{in: "internal/plan", by: "TestDeletion/A resource that may not use the connection, and never could, goes without a request, whatever finalizers it has.", says: "planned"},
	},
	{
		"S7", "The scan of a slow Cognigy holds its worker until it is complete.",
		"scan-without-yielding", never,
		noticed{in: controller, by: "The scan of many Endpoints of a slow Cognigy yields its worker again and again, goes on where it was, and is the only one of its namespace", says: "to be <"},
	},
	{
		"S7", "The operator scans all connections of a namespace at a time.",
		"scan-tenant-twice", never,
		noticed{in: controller, by: "The scan of many Endpoints of a slow Cognigy yields its worker again and again, goes on where it was, and is the only one of its namespace", says: "one scan of a namespace at a time"},
	},
	{
		"S7", "A template may loop, or hide which fields it uses.",
		"allow-every-action", never,
		noticed{in: "internal/render", by: "TestWhatIsNotAvailable/{{ . }}", says: "Expected an error, got nil"},
	},
	{
		"S7", "The templates of a Secret take whatever memory they like.",
		"render-without-bound", never,
		noticed{in: "internal/render", by: "TestBounds/much output", says: "Expected an error, got nil"},
	},
	{
		"S7", "The templates of a Secret have any size.",
		"render-templates-of-any-size", never,
		noticed{in: "internal/render", by: "TestBounds", says: "Expected an error, got nil"},
	},
	{
		"trust", "A template calls whatever function there is, and reads the operator's environment.",
		"call-any-function", insert("for name, function := range all { allowed[name] = function }"),
		noticed{in: "internal/render", by: "TestWhatIsNotAvailable/env", says: "Expected an error, got nil"},
	},
	{
		"trust", "The operator connects a CognigyConnection to a host that --allowed-hosts does not name.",
		"connect-to-any-host", never,
		noticed{in: "internal/cognigy", by: "TestAllowedHosts/another host", says: "host not allowed"},
	},
	{
		"trust", "The operator tells a namespace the ids of Endpoints of a project that is not granted to it.",
		"name-ids-of-ungranted-project", never,
		noticed{in: controller, by: "The grant of a project is what it takes to learn ids of a project's Endpoints: where ids alone are granted, a name tells whether it means one of them", says: "ConnectionNotAllowed"},
	},
	{
		"trust", "The status of a CognigyConnection tells what listens in the cluster's network.",
		"tell-tenants-about-the-network", skip,
		noticed{in: "internal/cognigy", by: "TestCoarseErrorsAreAllTheSame/nobody listens", says: "to have prefix"},
	},
	{
		"trust", "The client sends a token of credentials that were replaced while it waited for the token.",
		"send-replaced-credentials", never,
		noticed{in: "internal/cognigy", by: "TestReplacedCredentialsAreNotUsed", says: "Expected"},
	},
	{
		"trust", "A read that was slow brings replaced credentials back.",
		"return-to-replaced-credentials", never,
		noticed{in: "internal/connection", by: "TestCredentialsAreNotReplacedByThoseBefore", says: "Expected"},
	},
	{
		"trust", "The operator obtains super API keys, which nobody can revoke, as often as it likes.",
		"super-api-keys-without-pause", never,
		noticed{in: "internal/cognigy", by: "TestNoTokenWithoutPermission", says: "Expected"},
	},
	{
		"trust", "An operator that starts asks for a super API key at once, whenever the one before asked.",
		"super-api-keys-in-a-row", never,
		noticed{in: controller, by: "Super API keys are few: an operator that starts keeps the time since the one before asked, and the connection stays ready", says: "to be >="},
	},
	{
		"liveness", "The operator issues keys without a budget.",
		"issue-without-budget", always,
		noticed{in: "internal/plan", by: "TestIssuanceBudget", says: "too many issuances"},
	},
	{
		"liveness", "The operator delivers a key into a Secret that admission makes immutable, and can never replace it.",
		"issue-into-immutable", never,
		noticed{in: controller, by: "A Secret that Kubernetes would refuse is found out before a key exists: by being made immutable", says: "SecretImmutable"},
	},
	{
		"liveness", "After its clock was put back, the operator issues every key anew.",
		"distrust-own-future", insert("return false"),
		noticed{in: "internal/plan", by: "TestHealing/Unless a list shows its key: then it is this clock that was put back, and the key proves itself.", says: "planned"},
	},
	{
		"liveness", "The operator believes a record that no status can report.",
		"believe-implausible-record", never,
		noticed{in: "internal/delivery", by: "TestRecordsThatNoStatusCanHold/preview", says: "to be false"},
	},
	{
		"liveness", "The operator revokes a key that Kubernetes stores later than the request to Cognigy may take.",
		"deliver-within-request-timeout", insert("t.DeliveryTimeout = 0"),
		noticed{in: reliability, by: "TestSecretWrittenLate", says: "1 more keys were made"},
	},
	{
		"liveness", "A rollout that never ends holds a replaced key for ever.",
		"bound-overlap", insert("o.Rotation.MaxOverlap = 1<<62"),
		noticed{in: "internal/plan", by: "TestReplacedKeyDuringRollout/A rollout that never ends holds a key for maxOverlap, and no longer. A warning names it.", says: "planned"},
	},
	{
		"liveness", "A rollout holds a key that leaked.",
		"hold-leaked-key", never,
		noticed{in: "internal/plan", by: "TestReplacedKeyDuringRollout/A key that leaked, which an overlap of zero says, is held by nothing.", says: "planned"},
	},
	{
		"liveness", "The operator restarts workloads with the first key of a resource.",
		"restart-with-first-key", never,
		noticed{in: "internal/plan", by: "TestRestart/The first key of a resource restarts nothing: Pods did not start without it.", says: "planned"},
	},
	{
		"liveness", "The operator restarts a workload again and again that something else restores each time.",
		"restart-again", never,
		noticed{in: controller, by: "A workload that uses a key does not restart again with the same key if something restores its Pod template", says: "RestartUndone"},
	},
	{
		"liveness", "The operator reports on ClusterCognigyConnections that another installation serves.",
		"serve-cluster-connections", always,
		noticed{in: controller, by: "An installation that is limited to namespaces writes nothing to a ClusterCognigyConnection, and says to resources that it does not serve it", says: "to equal"},
	},
}
