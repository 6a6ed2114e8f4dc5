// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tracing

import (
	"cmp"
	"context"
	"reflect"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Attributes of the span of a reconcile. They have a prefix, since k8s.namespace.name is where a collector puts the namespace of the operator.
const (
	attributeController   = attribute.Key("cognigy_operator.controller")
	attributeKind         = attribute.Key("cognigy_operator.kind")
	attributeNamespace    = attribute.Key("cognigy_operator.namespace")
	attributeName         = attribute.Key("cognigy_operator.name")
	attributeReconcileID  = attribute.Key("cognigy_operator.reconcile_id")
	attributeResult       = attribute.Key("cognigy_operator.result")
	attributeRequeueAfter = attribute.Key("cognigy_operator.requeue_after_seconds")
)

// Reconciler makes a span of each reconcile of a controller of objects. The controller's name is that of their kind if it is empty, as
// everywhere in controller-runtime. The log of the reconcile names the trace.
func (t *Traces) Reconciler(of client.Object, name string, next reconcile.Reconciler) reconcile.Reconciler {
	if t == nil {
		return next
	}
	kind := reflect.TypeOf(of).Elem().Name()
	name = cmp.Or(name, strings.ToLower(kind))
	return reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
		ctx, span := t.tracer.Start(ctx, "reconcile "+name, trace.WithAttributes(
			attributeController.String(name), attributeKind.String(kind),
			attributeNamespace.String(request.Namespace), attributeName.String(request.Name),
			attributeReconcileID.String(string(controller.ReconcileIDFromContext(ctx))),
		))
		if made := span.SpanContext(); made.IsSampled() {
			ctx = logf.IntoContext(ctx, logf.FromContext(ctx).WithValues("trace_id", made.TraceID().String()))
		}
		result, err := next.Reconcile(ctx, request)
		span.SetAttributes(attributeResult.String(resultOf(result, err)))
		switch {
		case err != nil:
			span.SetStatus(codes.Error, err.Error()) // what controller-runtime logs
		case result.RequeueAfter > 0:
			span.SetAttributes(attributeRequeueAfter.Float64(result.RequeueAfter.Seconds()))
		}
		span.End()
		return result, err
	})
}

// resultOf says how a reconcile ended, in the words of controller_runtime_reconcile_total.
func resultOf(result reconcile.Result, err error) string {
	switch {
	case err != nil:
		return "error"
	case result.RequeueAfter > 0:
		return "requeue_after"
	default:
		return "success"
	}
}

// Decided notes in the span of a reconcile what the operator decided to do, and why.
func Decided(ctx context.Context, action, why string) {
	trace.SpanFromContext(ctx).AddEvent("decided", trace.WithAttributes(
		attribute.String("cognigy_operator.action", action), attribute.String("cognigy_operator.why", why),
	))
}
