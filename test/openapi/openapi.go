// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openapi compares requests and responses with what the vendor documents of Cognigy's API. It is for tests alone: the client
// and the simulator were written by the same people, and could agree on a mistake.
package openapi

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

//go:embed cognigy.yaml
var document []byte

// Contract is a document of an API. It is safe for concurrent use.
type Contract struct{ router routers.Router }

// Cognigy returns the documented API of Cognigy, as cognigy.yaml has it.
var Cognigy = sync.OnceValue(func() *Contract {
	read, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		panic(fmt.Errorf("cognigy.yaml: %w", err)) // it is part of this package
	}
	router, err := legacy.NewRouter(read) // validates the document
	if err != nil {
		panic(fmt.Errorf("cognigy.yaml: %w", err))
	}
	return &Contract{router}
})

// CheckRequest returns how a request differs from the document: in its route, credential, parameters or body. Parameters and
// properties that the document does not know are differences. It reads the request's body.
func (c *Contract) CheckRequest(request *http.Request) error {
	input, err := c.input(request)
	if err != nil {
		return err
	}
	for name := range request.URL.Query() {
		if input.Route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("%s: the query parameter %q is not documented", route(input.Route), name)
		}
	}
	if err := openapi3filter.ValidateRequest(request.Context(), input); err != nil {
		return fmt.Errorf("%s: %w", route(input.Route), err)
	}
	return nil
}

// CheckResponse returns how the response to a request differs from the document: in its status, headers or body. It reads the
// response's body, and says nothing of the request.
func (c *Contract) CheckResponse(request *http.Request, response *http.Response) error {
	input, err := c.input(request)
	if err != nil {
		return nil //nolint:nilerr // the document knows no response to a request that it does not know
	}
	err = openapi3filter.ValidateResponse(request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: response.StatusCode, Header: response.Header, Body: response.Body, Options: input.Options,
	})
	if err != nil {
		return fmt.Errorf("%s: status %d: %w", route(input.Route), response.StatusCode, err)
	}
	return nil
}

func (c *Contract) input(request *http.Request) (*openapi3filter.RequestValidationInput, error) {
	found, parameters, err := c.router.FindRoute(request)
	if err != nil {
		return nil, fmt.Errorf("%s of a path that is not documented: %w", request.Method, err)
	}
	options := &openapi3filter.Options{
		IncludeResponseStatus:             true,
		RejectWhenRequestBodyNotSpecified: true,
		SkipSettingDefaults:               true, // would change the request
		AuthenticationFunc:                authenticate,
	}
	options.WithCustomSchemaErrorFunc(withoutValue)
	return &openapi3filter.RequestValidationInput{Request: request, Route: found, PathParams: parameters, Options: options}, nil
}

func authenticate(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	scheme, request := input.SecurityScheme, input.RequestValidationInput.Request
	if scheme.Type == "http" {
		if sent, _, _ := strings.Cut(request.Header.Get("Authorization"), " "); !strings.EqualFold(sent, scheme.Scheme) {
			return errors.New("the header Authorization has no " + scheme.Scheme + " credentials")
		}
		return nil
	}
	if name := scheme.Name; request.Header.Get(name) == "" {
		return errors.New("the header " + name + " is missing")
	}
	return nil
}

// withoutValue describes what is wrong without the value, which may be the plaintext of a key.
func withoutValue(err *openapi3.SchemaError) string {
	return "at /" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
}

func route(found *routers.Route) string { return found.Method + " " + found.Path }
