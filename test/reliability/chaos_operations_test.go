// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// operations are what users do. One that cannot be done, since what it needs is not there, is tried in vain, as people do.
var operations = map[string]operation{
	"create":             {6, (*chaos).make},
	"delete":             {4, (*chaos).delete},
	"recreate":           {3, (*chaos).recreateKey},
	"suspend":            {2, spec(func(s *v1alpha1.EndpointAPIKeySpec, _ int) { s.Suspend = true })},
	"resume":             {5, spec(func(s *v1alpha1.EndpointAPIKeySpec, _ int) { s.Suspend = false })},
	"suspend and resume": {2, (*chaos).suspendAndResumeKey},
	"rename":             {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) { s.DisplayName = fmt.Sprintf("name %d", n) })},
	"data key": {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) {
		s.Secret.Key = v1alpha1.DataKey(fmt.Sprintf("key-%d", n%2))
	})},
	"label": {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) {
		s.Secret.Labels = map[string]v1alpha1.LabelValue{"n": v1alpha1.LabelValue(fmt.Sprint(n % 3))}
	})},
	"annotation": {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) {
		s.Secret.Annotations = map[string]v1alpha1.AnnotationValue{"n": v1alpha1.AnnotationValue(fmt.Sprint(n % 3))}
	})},
	"rotate by age": {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) {
		rotation(s).Every = &metav1.Duration{Duration: time.Duration(n%3+1) * time.Hour}
	})},
	"overlap":              {2, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) { rotation(s).Overlap = seconds(n % 4) })},
	"rotate":               {3, spec(func(s *v1alpha1.EndpointAPIKeySpec, _ int) { rotation(s).NotBefore = inSeconds(0) })},
	"rotate soon":          {2, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) { rotation(s).NotBefore = inSeconds(n % 5) })},
	"rotate by annotation": {2, (*chaos).requestRotation},
	"template":             {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, n int) { s.Secret.Template = templates[n%len(templates)] })},
	"restart workload":     {2, spec(func(s *v1alpha1.EndpointAPIKeySpec, _ int) { fixtures.RestartDeployment(s) })},
	"restart nothing":      {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, _ int) { s.RolloutRestartTargets = nil })},
	"retain":               {1, spec(func(s *v1alpha1.EndpointAPIKeySpec, _ int) { s.DeletionPolicy = v1alpha1.DeletionPolicyRetain })},
	"do not retain":        {2, spec(func(s *v1alpha1.EndpointAPIKeySpec, _ int) { s.DeletionPolicy = v1alpha1.DeletionPolicyRevoke })},
	"delete Secret":        {3, forgetting(func(c *chaos, s step) error { return cluster.Delete(c.Context, target(c.nameOf(s))) })},
	"edit Secret":          {2, forgetting((*chaos).editValue)},
	"put Secret back":      {5, (*chaos).putSecretBack},
	"restore":              {5, (*chaos).restoreKey},
	"clear status":         {2, forgetting(func(c *chaos, s step) error { return c.clearStatus(c.nameOf(s)) })},
	"revoke outside":       {3, (*chaos).revokeNewest},
	"swap credentials":     {1, (*chaos).swap},
	"request timeout": {1, limits(func(s *v1alpha1.ConnectionSpec, n int) {
		s.RequestTimeout = &v1alpha1.Timeout{Duration: metav1.Duration{Duration: requestTimeout + time.Duration(n%2)*time.Second}}
	})},
	"rate limit": {1, limits(func(s *v1alpha1.ConnectionSpec, n int) {
		s.RateLimit = &v1alpha1.RateLimit{RequestsPerSecond: int32(10 + n%10)}
	})},
	"orphan policy":      {1, limits(func(s *v1alpha1.ConnectionSpec, n int) { s.OrphanPolicy = policies[n%len(policies)] })},
	"delete connection":  {0, func(c *chaos, _ step) error { return cluster.Delete(c.Context, c.Connection()) }},
	"delete credentials": {0, func(c *chaos, _ step) error { return cluster.Delete(c.Context, c.Credentials("")) }},
}

// spec makes an operation of a change of a resource's spec. A number makes it another one each time.
func spec(change func(*v1alpha1.EndpointAPIKeySpec, int)) func(*chaos, step) error {
	return func(c *chaos, s step) error {
		n := int(s.For / time.Millisecond)
		return c.edit(c.nameOf(s), func(spec *v1alpha1.EndpointAPIKeySpec) { change(spec, n) })
	}
}

var policies = []v1alpha1.OrphanPolicy{v1alpha1.OrphanPolicyReport, v1alpha1.OrphanPolicyRevoke, v1alpha1.OrphanPolicyIgnore}

// limits makes an operation of a change of the connection's spec.
func limits(change func(*v1alpha1.ConnectionSpec, int)) func(*chaos, step) error {
	return func(c *chaos, s step) error {
		connection := c.Connection()
		if err := cluster.Get(c.Context, client.ObjectKeyFromObject(connection), connection); err != nil {
			return err
		}
		change(&connection.Spec, int(s.For/time.Millisecond))
		return cluster.Update(c.Context, connection)
	}
}

func rotation(s *v1alpha1.EndpointAPIKeySpec) *v1alpha1.Rotation {
	if s.Rotation == nil {
		s.Rotation = &v1alpha1.Rotation{}
	}
	return s.Rotation
}

func seconds(n int) *metav1.Duration {
	return &metav1.Duration{Duration: time.Duration(n) * time.Second}
}

// inSeconds is a full second, to come after some others.
func inSeconds(n int) *metav1.Time {
	at := metav1.NewTime(time.Now().Truncate(time.Second).Add(time.Duration(n+1) * time.Second))
	return &at
}

// make makes the resource, and has it begin anew: it deletes a Secret first that a former one retained.
func (c *chaos) make(s step) error {
	name := c.nameOf(s)
	if _, err := c.Find(name); !apierrors.IsNotFound(err) {
		return err
	}
	if err := client.IgnoreNotFound(cluster.Delete(c.Context, target(name))); err != nil {
		return err
	}
	return cluster.Create(c.Context, c.keyOf(s))
}

func (c *chaos) delete(s step) error {
	return cluster.Delete(c.Context, &v1alpha1.EndpointAPIKey{ObjectMeta: c.Meta(c.nameOf(s).Name)})
}

// recreateKey deletes the resource, and makes another as soon as the name is free, if that is soon.
func (c *chaos) recreateKey(s step) error {
	if err := c.delete(s); err != nil {
		return err
	}
	c.later.Go(func() {
		_ = wait.PollUntilContextTimeout(c.Context, poll/10, settled, true, func(context.Context) (bool, error) {
			_, err := c.Find(c.nameOf(s))
			return apierrors.IsNotFound(err) && c.make(s) == nil, nil
		})
	})
	return nil
}

func (c *chaos) suspendAndResumeKey(s step) error {
	for _, suspend := range []bool{true, false} {
		if err := c.edit(c.nameOf(s), func(spec *v1alpha1.EndpointAPIKeySpec) { spec.Suspend = suspend }); err != nil {
			return err
		}
	}
	return nil
}

func (c *chaos) editValue(s step) error {
	secret, err := c.readSecret(c.nameOf(s))
	if err != nil {
		return err
	}
	for name := range secret.Data {
		secret.Data[name] = []byte("edited by somebody")
	}
	early := c.checker.fromEarlierLife(secret)
	err = cluster.Update(c.Context, secret)
	if err == nil && early {
		c.altered[c.nameOf(s)] = true
	}
	return err
}

func (c *chaos) revokeNewest(s step) error {
	key, err := c.Find(c.nameOf(s))
	if err != nil || key.Status.KeyID == "" {
		return err
	}
	c.Cognigy.RevokeKey(key.Status.KeyID)
	return nil
}

// swap has the operator's user get another API key, and tells the operator a little later.
func (c *chaos) swap(step) error {
	value := rand.Text()
	c.Record(value)
	c.accepted.Store(value)
	c.Cognigy.SetAPIKeys(value)
	credentials := &corev1.Secret{}
	if err := cluster.Get(c.Context, client.ObjectKeyFromObject(c.Credentials("")), credentials); err != nil {
		return err
	}
	credentials.Data = map[string][]byte{"api-key": []byte(value)}
	return cluster.Update(c.Context, credentials)
}
