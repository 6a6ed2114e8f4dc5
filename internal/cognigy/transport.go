// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

const (
	maxHeaderBytes = 64 << 10
	retries        = 3
	retryWaitMin   = 200 * time.Millisecond
	retryWaitMax   = 2 * time.Second
)

// newHTTPClient returns a client that follows no redirect: Go forwards custom headers such as X-API-Key to the host that
// it is sent to, and repeats a POST on 307 and 308.
func newHTTPClient(caBundle []byte, timeout time.Duration) (*http.Client, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(caBundle) > 0 {
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(caBundle) {
			return nil, errors.New("caBundle holds no PEM certificate; paste the bundle that begins with -----BEGIN CERTIFICATE-----, base64-encoded")
		}
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        settings,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: maxHeaderBytes,
		},
	}, nil
}

// newRetrying wraps a client for idempotent requests.
func newRetrying(client *http.Client) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient:   client,
		RetryMax:     retries,
		RetryWaitMin: retryWaitMin,
		RetryWaitMax: retryWaitMax,
		CheckRetry:   shouldRetry,
		Backoff:      retryablehttp.LinearJitterBackoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// shouldRetry leaves to the caller what takes long: timeouts, rate limits and servers that say when to come back.
func shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	if err != nil && isTimeout(err) {
		return false, nil
	}
	if response != nil && (response.StatusCode == http.StatusTooManyRequests || response.Header.Get("Retry-After") != "") {
		return false, nil
	}
	return retryablehttp.DefaultRetryPolicy(ctx, response, err)
}
