// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package emulation emulates what Argo CD 3 does with the scripts of its settings. It is our reading of util/lua and server/application of
// github.com/argoproj/argo-cd, which cannot be imported, with the Lua interpreter that Argo CD uses.
package emulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
)

// timeLimit is how long a script may run in Argo CD.
const timeLimit = time.Second

// Script runs a script as Argo CD does one of argocd-cm: with the libraries base, package and table, and of os the functions time
// and date, for which the script has to require it. It returns what the script returns, as JSON.
func Script(object *unstructured.Unstructured, script string) ([]byte, error) {
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	for _, library := range []struct {
		name string
		open lua.LGFunction
	}{{lua.LoadLibName, lua.OpenPackage}, {lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable}} {
		if err := l.CallByParam(lua.P{Fn: l.NewFunction(library.open), Protect: true}, lua.LString(library.name)); err != nil {
			return nil, err
		}
	}
	l.PreloadModule(lua.OsLibName, safeOS)
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	l.SetContext(ctx)
	l.SetGlobal("obj", luajson.DecodeValue(l, numbers(object.Object)))
	if err := l.DoString(script); err != nil {
		return nil, err
	}
	result := l.Get(-1)
	if result.Type() != lua.LTTable {
		return nil, fmt.Errorf("the script returns a %s and not a table", result.Type())
	}
	return luajson.Encode(result)
}

// safeOS is what remains of the library os: neither files nor processes.
func safeOS(l *lua.LState) int {
	other := lua.NewState()
	defer other.Close()
	safe := l.NewTable()
	for _, name := range []string{"time", "date"} {
		safe.RawSetString(name, l.NewFunction(other.GetField(other.GetGlobal(lua.OsLibName), name).(*lua.LFunction).GFunction))
	}
	l.Push(safe)
	return 1
}

// numbers returns a value with all numbers as Lua has them.
func numbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		converted := map[string]any{}
		for name, element := range value {
			converted[name] = numbers(element)
		}
		return converted
	case []any:
		converted := make([]any, len(value))
		for i, element := range value {
			converted[i] = numbers(element)
		}
		return converted
	case int64:
		return float64(value)
	default:
		return value
	}
}

// Health is what Argo CD knows of an object's health.
type Health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// AssessHealth returns the health that a script finds.
func AssessHealth(object *unstructured.Unstructured, script string) (Health, error) {
	result, err := Script(object, script)
	if err != nil {
		return Health{}, err
	}
	var found Health
	return found, json.Unmarshal(result, &found)
}

// Discover returns the names of the actions that a script finds, and which of them are disabled.
func Discover(object *unstructured.Unstructured, script string) (map[string]bool, error) {
	result, err := Script(object, script)
	if err != nil {
		return nil, err
	}
	var found map[string]struct{ Disabled bool }
	disabled := map[string]bool{}
	err = json.Unmarshal(result, &found)
	for name, action := range found {
		disabled[name] = action.Disabled
	}
	return disabled, err
}

// Act returns the object that the script of an action makes of one.
func Act(object *unstructured.Unstructured, script string) (*unstructured.Unstructured, error) {
	result, err := Script(object, script)
	if err != nil {
		return nil, err
	}
	changed := &unstructured.Unstructured{}
	if err := changed.UnmarshalJSON(result); err != nil {
		return nil, err
	}
	changed.Object = keepEmptyMaps(changed.Object, object.Object).(map[string]any)
	return changed, nil
}

// keepEmptyMaps undoes that Lua has one empty table for objects and lists.
func keepEmptyMaps(changed, before any) any {
	switch before := before.(type) {
	case map[string]any:
		if list, ok := changed.([]any); ok && len(list) == 0 {
			return before
		}
		if object, ok := changed.(map[string]any); ok {
			for name := range object {
				object[name] = keepEmptyMaps(object[name], before[name])
			}
		}
	case []any:
		if list, ok := changed.([]any); ok {
			for i := range min(len(list), len(before)) {
				list[i] = keepEmptyMaps(list[i], before[i])
			}
		}
	}
	return changed
}

// Patch returns the merge patch by which Argo CD applies the result of an action. An action that changes the status is an error
// here, since none of ours should.
func Patch(before, changed *unstructured.Unstructured) ([]byte, error) {
	from, err := before.MarshalJSON()
	if err != nil {
		return nil, err
	}
	to, err := changed.MarshalJSON()
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.CreateMergePatch(from, to)
	if err != nil {
		return nil, err
	}
	var parts map[string]any
	if err := json.Unmarshal(patch, &parts); err != nil {
		return nil, err
	}
	if parts["status"] != nil {
		return nil, errors.New("the action changes the status")
	}
	return patch, nil
}
