package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"palisade.dev/services/internal/record"
	"palisade.dev/services/internal/telegram"
	"palisade.dev/services/internal/telemetry"
)

const (
	// longest poll; shorter where the lease ends before.
	longPoll = 20 * time.Second
	// least time of the lease with which a poll begins, and what is left of it when the poll ends.
	leastHeld = 2 * time.Second
	// drainLimit: less than the 30 s between SIGTERM and SIGKILL (RT-4).
	drainLimit = 20 * time.Second
	// longest a message waits for its turn before it is refused.
	longestWait = 60 * time.Second
	// peers are good if they answered within this.
	peerMemory = 45 * time.Second
)

type poller struct {
	config   *config
	records  *record.Writer
	meters   telemetry.Router
	lease    holder
	telegram *telegram.Client
	a2a      *a2a
	throttle *throttle

	depth atomic.Int64
	mutex sync.Mutex
	peers map[string]time.Time // last good answer of each
}

func (p *poller) told(event string, err error) {
	entry := record.Entry{Event: event, Status: record.OK}
	if err != nil {
		entry.Status, entry.Severity, entry.Attributes = record.Error, record.Warning, record.Cause(err)
	}
	p.records.Write(entry)
}

// keepLease renews, or waits for the lease to stand still.
func (p *poller) keepLease(ctx context.Context) {
	held := false
	for ctx.Err() == nil {
		if err := p.lease.Tick(ctx); err != nil && ctx.Err() == nil {
			p.told("lease.unreachable", err)
		}
		if now := p.lease.Remaining() > 0; now != held {
			held = now
			p.told(map[bool]string{true: "lease.taken", false: "lease.lost"}[now], nil)
		}
		sleep(ctx, p.lease.Pause())
	}
}

// poll is the loop of the one that holds the lease. At the end of stop it cancels the long poll, empties its queue and
// confirms what it did, all while it still holds the lease.
func (p *poller) poll(stop context.Context) {
	var offset int64
	for stop.Err() == nil {
		remaining := p.lease.Remaining()
		if remaining < 2*leastHeld+time.Second {
			// Whatever was not confirmed is Telegram's to tell, to whoever polls next.
			offset = 0
			sleep(stop, 100*time.Millisecond)
			continue
		}
		// Telegram itself ends the poll before the lease ends: even if this process stands still, none is open by then.
		timeout := min(longPoll, remaining-2*leastHeld).Truncate(time.Second)
		limit, cancel := context.WithTimeout(stop, remaining-leastHeld)
		updates, err := p.telegram.Updates(limit, offset, timeout, p.config.depth)
		cancel()
		if err != nil {
			if stop.Err() == nil {
				p.told(map[bool]string{true: "telegram.conflict", false: "telegram.failed"}[errors.Is(err, telegram.ErrConflict)], err)
				sleep(stop, time.Second)
			}
			continue
		}
		offset = p.work(stop, updates, offset)
	}
	if offset > 0 && p.lease.Remaining() > leastHeld {
		limit, cancel := context.WithTimeout(context.Background(), leastHeld)
		_, err := p.telegram.Updates(limit, offset, 0, 1)
		cancel()
		p.told("offset.confirmed", err)
	}
	p.records.Write(record.Entry{Event: "queue.drained", Status: record.OK, Attributes: map[string]any{"queue.depth": p.depth.Load()}})
}

// work handles a batch in order of admission and returns the offset up to which it is done.
func (p *poller) work(stop context.Context, updates []telegram.Update, offset int64) int64 {
	held, cancel := p.whileHeld(stop)
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	p.setDepth(int64(len(updates)))
	for i, update := range updates {
		if !p.admit(held, stop, update, time.Now(), &running) {
			p.setDepth(-int64(len(updates) - i))
			break
		}
		offset = update.ID + 1
	}
	running.Wait()
	if held.Err() != nil && p.lease.Remaining() <= 0 {
		return 0
	}
	return offset
}

// whileHeld ends with the lease, or some time after stop.
func (p *poller) whileHeld(stop context.Context) (context.Context, context.CancelFunc) {
	held, cancel := context.WithCancel(context.Background())
	go func() {
		for held.Err() == nil {
			if p.lease.Remaining() <= 0 {
				cancel()
			}
			sleep(held, 100*time.Millisecond)
		}
	}()
	after := context.AfterFunc(stop, func() { time.AfterFunc(drainLimit, cancel) })
	return held, func() { after(); cancel() }
}

// admit waits for a message's turn. false: it is left with Telegram, and so is all that follows it.
func (p *poller) admit(held, stop context.Context, update telegram.Update, came time.Time, running *sync.WaitGroup) bool {
	persona, known := "", false
	if update.Message != nil {
		persona, known = p.config.personas[update.Message.Chat.ID]
	}
	if !known {
		p.refuse("chat.refused", update, "")
		return true
	}
	turn := p.throttle.limiter(persona).Reserve()
	wait := turn.Delay()
	if wait > longestWait {
		turn.Cancel()
		p.refuse("rate_limit.hit", update, persona)
		p.meters.RateLimit.Add(held, 1, metric.WithAttributes(attribute.String("persona", persona)))
		return true
	}
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-held.Done():
			return false
		case <-stop.Done():
			turn.Cancel()
			return false
		}
	}
	if held.Err() != nil {
		return false
	}
	p.meters.QueueWait.Record(held, milliseconds(time.Since(came)))
	running.Go(func() {
		defer p.setDepth(-1)
		p.route(held, update, persona, came)
	})
	return true
}

func (p *poller) refuse(event string, update telegram.Update, persona string) {
	p.setDepth(-1)
	entry := record.Entry{Event: event, Status: record.Refused, Severity: record.Warning, Persona: persona, Correlation: correlation(update)}
	if update.Message != nil {
		entry.ChatIDHash = p.hash(update.Message.Chat.ID)
	}
	p.records.Write(entry)
}

// route hands a message to its persona and the answer back.
func (p *poller) route(ctx context.Context, update telegram.Update, persona string, came time.Time) {
	ctx, span := otel.Tracer("router").Start(ctx, "message.route")
	defer span.End()
	answer, class, err := p.a2a.send(ctx, correlation(update), persona, update.Message.Text)
	if err == nil {
		err = p.telegram.Send(ctx, update.Message.Chat.ID, answer)
	}
	took := time.Since(came)
	span.SetAttributes(attribute.String("persona", persona), attribute.String("env", p.records.Env()),
		attribute.Int64("telegram.update_offset", update.ID), attribute.String("a2a.classification", class))
	p.meters.RoundTrip.Record(ctx, milliseconds(took))
	entry := record.Entry{
		Event: "message.routed", Status: record.OK, Correlation: correlation(update), ChatIDHash: p.hash(update.Message.Chat.ID), Persona: persona, Latency: took,
		Attributes: map[string]any{"telegram.update_offset": update.ID, "a2a.classification": class},
	}
	if err != nil {
		entry.Event, entry.Status = "message.failed", record.Error
	}
	if class != "none" {
		p.meters.Failures.Add(ctx, 1, metric.WithAttributes(attribute.String("classification", class)))
		p.records.Write(record.Entry{Event: "a2a.failure_total", Status: record.Error, Correlation: correlation(update), Persona: persona,
			Attributes: map[string]any{"a2a.classification": class}})
	}
	p.records.Write(entry)
}

func (p *poller) hash(chat int64) string {
	mac := hmac.New(sha256.New, p.config.chatKey)
	mac.Write([]byte(strconv.FormatInt(chat, 10)))
	return hex.EncodeToString(mac.Sum(nil))
}

func (p *poller) setDepth(change int64) {
	p.meters.Depth.Record(context.Background(), p.depth.Add(change))
}

// watchPeers asks both peers again and again, on the waiting replica too (RT-2).
func (p *poller) watchPeers(ctx context.Context) {
	for ctx.Err() == nil {
		for name, ask := range map[string]func(context.Context) error{"telegram": p.telegram.Me, "a2a": p.a2a.card} {
			limit, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := ask(limit)
			cancel()
			if err != nil {
				if ctx.Err() == nil {
					p.told("peer."+name+".unreachable", err)
				}
				continue
			}
			p.mutex.Lock()
			p.peers[name] = time.Now()
			p.mutex.Unlock()
		}
		sleep(ctx, 5*time.Second)
	}
}

func (p *poller) healthy(context.Context) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, name := range []string{"telegram", "a2a"} {
		if time.Since(p.peers[name]) > peerMemory {
			return fmt.Errorf("%s has not answered for %s", name, peerMemory)
		}
	}
	return nil
}

// countUptime is the heartbeat (RT-5, RT-24).
func (p *poller) countUptime(ctx context.Context) {
	for last := time.Now(); ctx.Err() == nil; {
		sleep(ctx, 10*time.Second)
		now := time.Now()
		p.meters.Uptime.Add(context.Background(), now.Sub(last).Seconds())
		last = now
	}
}

func correlation(update telegram.Update) string {
	return "telegram-" + strconv.FormatInt(update.ID, 10)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
