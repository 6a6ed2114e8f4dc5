// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// hostRateLimits reads host[:port]=N[/M], where N is requests per second and M requests at once.
func hostRateLimits(flags map[string]string) (map[string]ratelimit.Limit, error) {
	limits := map[string]ratelimit.Limit{}
	for _, host := range slices.Sorted(maps.Keys(flags)) {
		perSecond, burst, found := strings.Cut(flags[host], "/")
		if !found {
			burst = perSecond
		}
		limit := ratelimit.Limit{}
		var errs [2]error
		limit.PerSecond, errs[0] = strconv.Atoi(perSecond)
		limit.Burst, errs[1] = strconv.Atoi(burst)
		if errs[0] != nil || errs[1] != nil || limit.PerSecond < 1 || limit.Burst < 1 {
			return nil, fmt.Errorf("%s=%s does not say how many requests the host gets, for example %s=10/100: "+
				"10 a second and 100 at once", host, flags[host], host)
		}
		if host != ratelimit.AnyHost {
			host = ratelimit.HostOf("https://" + host)
		}
		limits[host] = limit
	}
	return limits, nil
}
