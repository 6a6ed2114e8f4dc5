// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import "github.com/cognigy-operator/cognigy-operator/test/fixtures"

// sample is how many cases of these suites run. What a sample leaves out is dealt out by the scenario's number, so that every
// moment of a crash, every disturbance and every scenario occurs in each sample.
var sample = fixtures.ChosenSample()

// every returns each nth of some points, beginning at a scenario's number.
func every(nth int, points []point, scenario int) []point {
	var some []point
	for i := scenario % nth; i < len(points); i += nth {
		some = append(some, points[i])
	}
	return some
}

// crashCases makes cases of a scenario's points: every moment of each, or in a sample one moment. Before the user acts comes the
// first issue, which has a scenario of its own, so that a sample leaves it out.
func crashCases(points []point, acted, scenario int) []crash {
	var cases []crash
	if sample == fixtures.EveryCase {
		for _, p := range points {
			for _, m := range moments {
				cases = append(cases, crash{p, m})
			}
		}
		return cases
	}
	nth := map[fixtures.Sample]int{fixtures.SmallSample: 7, fixtures.LargeSample: 2}[sample]
	for i, p := range every(nth, points[acted:], scenario) {
		cases = append(cases, crash{p, moments[(scenario+i)%len(moments)]})
	}
	return cases
}

// pausePoints are the points of a scenario at which the leader is paused.
func pausePoints(points []point, acted, scenario int) []point {
	nth := map[fixtures.Sample]int{fixtures.SmallSample: 15, fixtures.LargeSample: 4, fixtures.EveryCase: 1}[sample]
	if sample != fixtures.EveryCase {
		points = points[acted:]
	}
	return every(nth, points, scenario)
}

// isDisturbed reports whether a scenario runs with a disturbance: with all, or in the small sample with one.
func isDisturbed(scenario, disturbance int) bool {
	return sample != fixtures.SmallSample || scenario%len(disturbances) == disturbance
}

// environmentsAtOnce is how many environments of chaos there are at a time. With nothing else said, there are that many in all.
func environmentsAtOnce() uint64 {
	if sample == fixtures.SmallSample {
		return 4
	}
	return 12
}
