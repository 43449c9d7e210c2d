package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func text(t *testing.T, lines ...string) families {
	t.Helper()
	parsed, err := parseFamilies(strings.NewReader(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// A replica's histogram with so many observations up to 1 s, 10 s and 20 s, and beyond.
func replica(name string, service string, one, ten, twenty, all int) string {
	labels := fmt.Sprintf(`service_name="%s",instance="%s"`, service, name)
	return strings.Join([]string{
		fmt.Sprintf(`latency_round_trip_ms_bucket{%s,le="1000"} %d`, labels, one),
		fmt.Sprintf(`latency_round_trip_ms_bucket{%s,le="10000"} %d`, labels, ten),
		fmt.Sprintf(`latency_round_trip_ms_bucket{%s,le="20000"} %d`, labels, twenty),
		fmt.Sprintf(`latency_round_trip_ms_bucket{%s,le="+Inf"} %d`, labels, all),
		fmt.Sprintf(`latency_round_trip_ms_sum{%s} %d`, labels, all*5000),
		fmt.Sprintf(`latency_round_trip_ms_count{%s} %d`, labels, all),
	}, "\n")
}

const kind = "# TYPE latency_round_trip_ms histogram"

func TestTheQuantileOfOneMinute(t *testing.T) {
	router := map[string]string{"service_name": "router"}
	cases := map[string]struct {
		before, after []string
		want          float64
	}{
		"new series count from zero":      {nil, []string{replica("a", "router", 100, 100, 100, 100)}, 950},
		"only what was added":             {[]string{replica("a", "router", 100, 100, 100, 100)}, []string{replica("a", "router", 100, 100, 200, 200)}, 19500},
		"over replicas":                   {[]string{replica("a", "router", 9, 9, 9, 9)}, []string{replica("a", "router", 99, 99, 99, 99), replica("b", "router", 0, 10, 10, 10)}, 5500},
		"a process that began anew":       {[]string{replica("a", "router", 500, 500, 500, 500)}, []string{replica("a", "router", 100, 100, 100, 100)}, 950},
		"beyond the last bound":           {nil, []string{replica("a", "router", 0, 0, 0, 10)}, 20000},
		"others' metrics are not counted": {nil, []string{replica("a", "router", 100, 100, 100, 100), replica("b", "iss", 0, 0, 900, 900)}, 950},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := between(text(t, append([]string{kind}, c.before...)...), text(t, append([]string{kind}, c.after...)...), "latency_round_trip_ms", router)
			if o == nil {
				t.Fatal("nothing observed")
			}
			if got := *o.quantile(0.95); math.Abs(got-c.want) > 1 {
				t.Errorf("p95 is %v, want %v", got, c.want)
			}
		})
	}
	same := text(t, kind, replica("a", "router", 1, 1, 1, 1))
	if o := between(same, same, "latency_round_trip_ms", router); o != nil {
		t.Errorf("a minute without observations has %v", o)
	}
}

func TestTheAverage(t *testing.T) {
	gauges := text(t, "# TYPE queue_wait_ms gauge", `queue_wait_ms{service_name="a"} 10`, `queue_wait_ms{service_name="a",instance="2"} 30`, `queue_wait_ms{service_name="b"} 900`)
	if got := average(nil, gauges, "queue_wait_ms", map[string]string{"service_name": "a"}); got == nil || *got != 20 {
		t.Errorf("average of gauges is %v", got)
	}
	if got := average(nil, gauges, "queue_wait_ms", map[string]string{"service_name": "c"}); got != nil {
		t.Errorf("a metric that nobody published is %v", *got)
	}
	histogram := text(t, kind, replica("a", "router", 4, 4, 4, 4))
	if got := average(nil, histogram, "latency_round_trip_ms", nil); got == nil || *got != 5000 {
		t.Errorf("average of a histogram is %v", got)
	}
}
