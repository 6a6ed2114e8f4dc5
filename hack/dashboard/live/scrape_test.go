// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// scrapeInterval is short, so that minutes are enough to see something.
const scrapeInterval = time.Second

// database keeps what an operator tells, as Prometheus does.
type database struct {
	*tsdb.DB
	began, ended time.Time                // of the first scrape and the latest
	latest       map[uint64]labels.Labels // what the latest scrape had
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	db, err := tsdb.Open(t.TempDir(), nil, nil, tsdb.DefaultOptions(), nil)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = db.Close() })
	return &database{DB: db}
}

// target is the metrics of an operator.
type target struct{ address, token string }

// follow scrapes a target until the context ends. It returns why a scrape failed.
func (d *database) follow(ctx context.Context, from target) error {
	ticks := time.NewTicker(scrapeInterval)
	defer ticks.Stop()
	for {
		text, contentType, err := from.scrape(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = d.add(ctx, time.Now(), from.address, text, contentType)
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// scrape reads the metrics. The operator makes up its certificate at its start.
func (t target) scrape(ctx context.Context) (text []byte, contentType string, err error) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+t.address+"/metrics", nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Authorization", "Bearer "+t.token)
	response, err := client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("scraping: %s", response.Status)
	}
	text, err = io.ReadAll(response.Body)
	return text, response.Header.Get("Content-Type"), err
}

// add adds the samples of a scrape, with the labels that Prometheus gives what it scrapes.
func (d *database) add(ctx context.Context, at time.Time, address string, text []byte, contentType string) error {
	parser, err := textparse.New(text, contentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return err
	}
	appender, found := d.Appender(ctx), map[uint64]labels.Labels{}
	for {
		switch entry, err := parser.Next(); {
		case errors.Is(err, io.EOF):
			return d.commit(appender, at, found)
		case err != nil:
			return errors.Join(err, appender.Rollback())
		case entry != textparse.EntrySeries:
			continue
		}
		var labelled labels.Labels
		parser.Labels(&labelled)
		labelled = labels.NewBuilder(labelled).Set("job", "cognigy-operator").Set("instance", address).Labels()
		_, _, sample := parser.Series()
		if _, err := appender.Append(0, labelled, at.UnixMilli(), sample); err != nil {
			return errors.Join(err, appender.Rollback())
		}
		found[labelled.Hash()] = labelled
	}
}

// commit ends a scrape. Series that it lacks end with a mark: without that, queries would go on to find their last sample.
func (d *database) commit(appender storage.Appender, at time.Time, found map[uint64]labels.Labels) error {
	for hash, labelled := range d.latest {
		if _, exists := found[hash]; exists {
			continue
		}
		if _, err := appender.Append(0, labelled, at.UnixMilli(), math.Float64frombits(value.StaleNaN)); err != nil {
			return errors.Join(err, appender.Rollback())
		}
	}
	if d.began.IsZero() {
		d.began = at
	}
	d.ended, d.latest = at, found
	return appender.Commit()
}
