// Command router-poller stands in for the Telegram router in tests: the same start, check, variables, health, lease, drain
// and calls. It is not the real service.
//
//	uv run bots/telegram_router.py                  polls while it holds the lease
//	uv run bots/telegram_router.py --check-config   checks variables, persona map and chat allowlist, and ends (RT-15)
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	_ "golang.org/x/crypto/x509roots/fallback" // the image has no authorities of its own unless some are mounted

	"palisade.dev/services/internal/lease"
	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/serve"
	"palisade.dev/services/internal/telegram"
	"palisade.dev/services/internal/telemetry"
)

var start = []string{"run", "bots/telegram_router.py"}

func main() { serve.Exit(run(os.Args[1:])) }

func run(args []string) error {
	if len(args) < 2 || !slices.Equal(args[:2], start) || len(args) > 3 || len(args) == 3 && args[2] != "--check-config" {
		return errors.New("usage: uv run bots/telegram_router.py [--check-config]")
	}
	records := record.New("router", "poller")
	config, err := readConfig()
	if err != nil {
		records.Write(record.Entry{Event: "config.refused", Status: record.Refused, Severity: "error"})
		return err
	}
	records.Write(record.Entry{Event: "config.accepted", Status: record.OK, Attributes: map[string]any{
		"config.persona_map_sha256": config.personaSum, "config.chat_allowlist_sha256": config.allowSum,
	}})
	if len(args) == 3 {
		return nil
	}
	return serveAndPoll(records, config)
}

func serveAndPoll(records *record.Writer, config *config) error {
	stop, cancel := serve.StopContext()
	defer cancel()
	flush, err := telemetry.Start(stop)
	if err != nil {
		return err
	}
	meters, err := telemetry.NewRouter()
	if err != nil {
		return err
	}
	held, err := newHolder(config)
	if err != nil {
		return err
	}
	p := &poller{
		config: config, records: records, meters: meters, lease: held, telegram: telegram.New(config.telegram, config.token),
		a2a: newA2A(config), throttle: newThrottle(config, records), peers: map[string]time.Time{},
	}
	var running sync.WaitGroup
	background, end := context.WithCancel(context.Background())
	defer end()
	for _, task := range []func(context.Context){p.keepLease, p.watchPeers, p.throttle.watch, p.countUptime} {
		running.Go(func() { task(background) })
	}
	polled := make(chan struct{})
	go func() {
		defer close(polled)
		p.poll(stop)
	}()
	service := &serve.Service{Records: records, HealthPath: "/healthz", Healthy: p.healthy, Address: fmt.Sprintf(":%d", config.port)}
	served := service.Run(stop)
	cancel()
	<-polled
	// The queue is empty and nobody polls here: whoever waits need not wait for the lease to run out.
	end()
	running.Wait()
	last, done := context.WithTimeout(context.Background(), 3*time.Second)
	defer done()
	released := held.Release(last)
	p.told("lease.released", released)
	return errors.Join(served, flush(last))
}

// holder is the lease, or what stands for it where there is one process only.
type holder interface {
	Tick(context.Context) error
	Pause() time.Duration
	Remaining() time.Duration
	Release(context.Context) error
}

func newHolder(c *config) (holder, error) {
	if c.leaseKind == "none" {
		return alone{}, nil
	}
	store, err := lease.InCluster(c.leaseNamespace, c.leaseName)
	if err != nil {
		return nil, err
	}
	name, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	return lease.New(store, name+"_"+record.NewCorrelation(), c.takeover), nil
}

type alone struct{}

func (alone) Tick(context.Context) error    { return nil }
func (alone) Pause() time.Duration          { return time.Second }
func (alone) Remaining() time.Duration      { return time.Minute }
func (alone) Release(context.Context) error { return nil }
