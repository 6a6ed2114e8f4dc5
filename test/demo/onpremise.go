// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	// crm is the namespace that the sample connection permits.
	crm = "crm"
	// superKeyLifetime is the shortest there may be, so that one expires while people watch.
	superKeyLifetime = time.Minute
	// shortOverlap is over before the workload has restarted.
	shortOverlap = time.Second
	replicas     = 2
	podStartup   = 2 * time.Second
)

// worksOnPremise has a key delivered through a connection that authenticates by super API keys.
func (d *demo) worksOnPremise(ctx context.Context) error {
	connection := d.samples.onPremise.object.GetName()
	if err := d.installOnPremise(ctx); err != nil {
		return err
	}
	d = d.about(&d.onPremise.shown)
	if _, err := d.awaitKey(ctx); err != nil {
		return err
	}
	if err := d.runWorkload(ctx); err != nil {
		return err
	}
	if _, err := d.awaitReady(ctx); err != nil {
		return err
	}
	found := &v1alpha1.ClusterCognigyConnection{}
	if err := d.cluster.Get(ctx, types.NamespacedName{Name: connection}, found); err != nil {
		return err
	}
	noted := found.Status.SuperKeyMintedAt
	if noted != nil {
		d.out.note("status.superKeyMintedAt of the connection: " + noted.UTC().Format(time.RFC3339))
	}
	made := d.cognigy.Tokens()
	return d.claims(
		claim{"Cognigy made one super API key, for whatever the connection is used", len(made) == 1, fmt.Sprint(len(made))},
		claim{"the connection says when, since it can be neither listed nor revoked", noted != nil, "nothing is noted"},
		d.accepted(ctx, "with the Secret's key", d.current().value),
	)
}

// installOnPremise applies the samples of an on-premise installation, and what they refer to.
func (d *demo) installOnPremise(ctx context.Context) error {
	s := d.samples
	organisation := "64f0c0ffee00000000000003"
	d.cognigy.SetManager(organisation, simulator.Login{Username: "admin", Password: d.managementPassword})
	d.cognigy.SetTokenLifetime(superKeyLifetime)
	d.onPremise.name = types.NamespacedName{Namespace: crm, Name: s.restartingKey.object.GetName()}
	d.out.command(fmt.Sprintf("kubectl apply -f %s   # and what its resource needs in the namespace %s", s.onPremise.file, crm))
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: crm}},
		&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: installation.Namespace, Name: "private-authorities"},
			Data:       map[string]string{"ca.crt": string(d.cognigy.CABundle())},
		},
		fixtures.Deployment(crm, replicas),
	} {
		if err := d.cluster.Create(ctx, object); err != nil {
			return err
		}
	}
	if err := d.applySample(ctx, s.management,
		change{field: "stringData.username", value: "admin"},
		change{field: "stringData.password", value: d.managementPassword, shown: "what the simulator accepts"}); err != nil {
		return err
	}
	if err := d.applySample(ctx, s.onPremise,
		change{field: "spec.baseURL", value: d.cognigy.URL()},
		change{field: "spec.auth.superAPIKey.organisationID", value: organisation},
		change{field: "spec.auth.superAPIKey.lifetime", value: superKeyLifetime.String()}); err != nil {
		return err
	}
	return d.applySample(ctx, s.restartingKey,
		change{field: "metadata.namespace", value: crm},
		change{field: "spec.connectionRef.kind", value: "ClusterCognigyConnection"},
		change{field: "spec.connectionRef.name", value: s.onPremise.object.GetName()},
		change{field: "spec.endpoint.id", value: d.onPremise.endpoint.ID},
		change{field: "spec.rotation.overlap", value: shortOverlap.String()})
}

// renewsSuperAPIKey asks for a rotation when the first super API key does not work any more.
func (d *demo) renewsSuperAPIKey(ctx context.Context) error {
	d = d.about(&d.onPremise.shown)
	expired := d.cognigy.Tokens()[0].ExpiresAt
	d.out.note("the first super API key works until " + expired.Format(time.TimeOnly))
	if !fixtures.Pause(ctx, time.Until(expired)) {
		return context.Cause(ctx)
	}
	if err := d.requestRotation(ctx); err != nil {
		return err
	}
	if _, err := d.awaitKey(ctx); err != nil {
		return err
	}
	made := d.cognigy.Tokens()
	apart := made[len(made)-1].MadeAt.Sub(made[0].MadeAt)
	return d.claims(
		claim{"Cognigy made another one", len(made) == 2, fmt.Sprintf("there are %d", len(made))},
		claim{
			fmt.Sprintf("and %s after the first, since they are made about a minute apart", seconds(apart)),
			apart > superKeyLifetime/2, "more often",
		},
		d.accepted(ctx, "with the new key", d.current().value),
	)
}

// requestRotation asks for another key now.
func (d *demo) requestRotation(ctx context.Context) error {
	key, err := d.resource(ctx)
	if err != nil {
		return err
	}
	at := time.Now().UTC()
	d.out.command(fmt.Sprintf("kubectl annotate endpointapikey %s --namespace %s --overwrite \\\n    %s=%s",
		d.name.Name, d.name.Namespace, v1alpha1.RotateRequestedAtAnnotation, at.Format(time.RFC3339)))
	return fixtures.RequestRotation(ctx, d.cluster, key, at)
}
