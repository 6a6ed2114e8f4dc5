// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"text/template"

	sprig "github.com/go-task/slim-sprig/v3"
)

// functions are those that a template may call, beside the operators. None reads anything but its arguments, none fails on account of
// what a text contains, since a key that exists must not fail, and none makes much of little: no repeat, until, indent, replace or
// printf, whose widths and repetitions fill the memory.
var functions = allow(sprig.TxtFuncMap(),
	"b64enc", "default", "lower", "quote", "toJson", "trim", "trimPrefix", "trimSuffix", "upper")

// operators are functions of text/template that allocate nothing. It evaluates some of them in its own way.
var operators = []string{"and", "eq", "ne", "not", "or"}

// allow returns the named functions, and those of text/template that a budget is to count.
func allow(all template.FuncMap, names ...string) template.FuncMap {
	allowed := template.FuncMap{"print": fmt.Sprint, "urlquery": template.URLQueryEscaper}
	for _, name := range names {
		allowed[name] = all[name]
	}
	// mutation: call-any-function
	return allowed
}

func isAllowed(name string) bool {
	_, allowed := functions[name]
	return allowed || slices.Contains(operators, name)
}

// available ends every message about what is not.
var available = "a template may use the fields ." + strings.Join(slices.Sorted(maps.Keys(Fields{}.values())), " .") + ", if, variables, and the functions " +
	strings.Join(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(functions)), operators...))), " ")

// maxWork bounds what all templates of a Secret may write and pass to functions, together, in bytes. A function makes at most six bytes
// of one.
const maxWork = 256 << 10

var errTooMuch = errors.New("the templates make more than 256 KiB of text; shorten them")

// budget is what is left of maxWork.
type budget struct{ left int }

func (b *budget) spend(bytes int) error {
	// mutation: render-without-bound
	if b.left -= bytes; b.left < 0 {
		return errTooMuch
	}
	return nil
}

// bound returns the functions, each of which fails once the budget is spent. Otherwise a few bytes that double a text a hundred times
// would fill the memory.
func (b *budget) bound(functions template.FuncMap) template.FuncMap {
	bounded := template.FuncMap{}
	for name, function := range functions {
		plain := reflect.ValueOf(function)
		call := plain.Call
		if plain.Type().IsVariadic() {
			call = plain.CallSlice
		}
		bounded[name] = reflect.MakeFunc(plain.Type(), func(arguments []reflect.Value) []reflect.Value {
			if err := b.spend(size(arguments)); err != nil {
				panic(err) // which text/template makes the error of the call
			}
			return call(arguments)
		}).Interface()
	}
	return bounded
}

// size is how many bytes of text arguments have.
func size(arguments []reflect.Value) int {
	bytes := 0
	for _, argument := range arguments {
		for argument.Kind() == reflect.Interface {
			argument = argument.Elem()
		}
		switch argument.Kind() {
		case reflect.String:
			bytes += argument.Len()
		case reflect.Slice: // of a variadic function
			for i := range argument.Len() {
				bytes += size([]reflect.Value{argument.Index(i)})
			}
		}
	}
	return bytes
}

// output is what a template writes.
type output struct {
	bytes.Buffer
	*budget
}

// Write implements io.Writer.
func (o *output) Write(written []byte) (int, error) {
	if err := o.spend(len(written)); err != nil {
		return 0, err
	}
	return o.Buffer.Write(written)
}
