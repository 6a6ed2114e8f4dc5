// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"net/http"
)

const controlPrefix = "/_simulator/"

// controlRoutes is the Go API for callers in another process. It is not recorded and meets no fault.
func (s *Simulator) controlRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_simulator/ledger", func(w http.ResponseWriter, _ *http.Request) {
		show(w, http.StatusOK, s.Ledger())
	})
	mux.HandleFunc("GET /_simulator/requests", func(w http.ResponseWriter, _ *http.Request) {
		show(w, http.StatusOK, s.Requests())
	})
	mux.HandleFunc("POST /_simulator/faults", s.postFault)
	mux.HandleFunc("DELETE /_simulator/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearFaults()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_simulator/endpoints", s.postEndpoint)
	mux.HandleFunc("DELETE /_simulator/endpoints/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.RemoveEndpoint(r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_simulator/keys/{id}/revoke", s.postRevoke)
	mux.HandleFunc("PUT /_simulator/apikeys", s.putAPIKeys)
	return mux
}

func (s *Simulator) postFault(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	if !read(w, r, &fault) {
		return
	}
	if err := fault.validate(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Inject(fault)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) postEndpoint(w http.ResponseWriter, r *http.Request) {
	var wanted struct {
		ProjectID string `json:"projectId"`
		Name      string `json:"name"`
	}
	if read(w, r, &wanted) {
		show(w, http.StatusCreated, s.AddEndpoint(wanted.ProjectID, wanted.Name))
	}
}

func (s *Simulator) postRevoke(w http.ResponseWriter, r *http.Request) {
	if !s.RevokeKey(r.PathValue("id")) {
		http.Error(w, "there is no such live key", http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) putAPIKeys(w http.ResponseWriter, r *http.Request) {
	var keys []string
	if read(w, r, &keys) {
		s.SetAPIKeys(keys...)
		w.WriteHeader(http.StatusNoContent)
	}
}

// read decodes the body, or answers that it cannot.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		http.Error(w, "cannot read the body: "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func show(w http.ResponseWriter, status int, body any) {
	answer{status: status, body: body}.write(w)
}
