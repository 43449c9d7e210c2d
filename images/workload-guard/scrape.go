package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"sort"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const largestAnswer = 16 << 20

// What the collector shows at one moment, by name.
type families map[string]*dto.MetricFamily

// The metrics of all services of the namespace, in Prometheus' text format, from the collector.
func scrape(ctx context.Context, client *http.Client, address string) (families, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %d", address, response.StatusCode)
	}
	return parseFamilies(io.LimitReader(response.Body, largestAnswer))
}

func parseFamilies(text io.Reader) (families, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(text)
}

// Observations between two looks at a histogram: how many there were, their sum, and how many were at most each bound.
type observed struct {
	count, sum float64
	buckets    map[float64]float64
}

// between adds up what was observed under the labels since `before`, over all replicas. A series that is new, or began anew
// with its process, counts from zero.
func between(before, after families, name string, labels map[string]string) *observed {
	earlier := map[string]*dto.Histogram{}
	for _, metric := range before[name].GetMetric() {
		earlier[identity(metric)] = metric.GetHistogram()
	}
	all := &observed{buckets: map[float64]float64{}}
	for _, metric := range after[name].GetMetric() {
		now, then := metric.GetHistogram(), earlier[identity(metric)]
		if now == nil || !carries(metric, labels) {
			continue
		}
		if then != nil && then.GetSampleCount() > now.GetSampleCount() {
			then = nil
		}
		all.count += float64(now.GetSampleCount()) - float64(then.GetSampleCount())
		all.sum += now.GetSampleSum() - then.GetSampleSum()
		known := map[float64]uint64{}
		for _, bucket := range then.GetBucket() {
			known[bucket.GetUpperBound()] = bucket.GetCumulativeCount()
		}
		for _, bucket := range now.GetBucket() {
			all.buckets[bucket.GetUpperBound()] += float64(bucket.GetCumulativeCount()) - float64(known[bucket.GetUpperBound()])
		}
	}
	if all.count <= 0 {
		return nil
	}
	return all
}

// The value that this share of the observations does not pass, evenly spread within its bucket; in the last bucket, which
// has no upper bound, its lower one.
func (o *observed) quantile(share float64) *float64 {
	bounds := make([]float64, 0, len(o.buckets))
	for bound := range o.buckets {
		bounds = append(bounds, bound)
	}
	sort.Float64s(bounds)
	rank, below, lower := share*o.count, 0.0, 0.0
	for _, bound := range bounds {
		if upTo := o.buckets[bound]; upTo >= rank && upTo > below {
			value := lower
			if !math.IsInf(bound, 1) {
				value = lower + (bound-lower)*(rank-below)/(upTo-below)
			}
			return &value
		} else {
			below = upTo
		}
		if !math.IsInf(bound, 1) {
			lower = bound
		}
	}
	return &lower
}

// The average of a metric: of a histogram's observations since `before`, of gauges as they are.
func average(before, after families, name string, labels map[string]string) *float64 {
	if o := between(before, after, name, labels); o != nil {
		value := o.sum / o.count
		return &value
	}
	sum, count := 0.0, 0.0
	for _, metric := range after[name].GetMetric() {
		if gauge := metric.GetGauge(); gauge != nil && carries(metric, labels) {
			sum, count = sum+gauge.GetValue(), count+1
		}
	}
	if count == 0 {
		return nil
	}
	value := sum / count
	return &value
}

func carries(metric *dto.Metric, labels map[string]string) bool {
	has := map[string]string{}
	for _, label := range metric.GetLabel() {
		has[label.GetName()] = label.GetValue()
	}
	for name, value := range labels {
		if has[name] != value {
			return false
		}
	}
	return true
}

func identity(metric *dto.Metric) string {
	text := ""
	for _, label := range metric.GetLabel() {
		text += label.GetName() + "\x00" + label.GetValue() + "\x00"
	}
	return text
}
