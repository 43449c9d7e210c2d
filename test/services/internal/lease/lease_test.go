package lease

import (
	"context"
	"errors"
	"math/rand"
	"strconv"
	"testing"
	"time"
)

const takeover = 15 * time.Second

// memory is a store whose calls fail as a network does: before the write, or after it.
type memory struct {
	state   State
	version int
	fail    func() (before, after bool)
}

var errNetwork = errors.New("network")

func (m *memory) Read(context.Context) (State, error) {
	if before, after := m.fail(); before || after {
		return State{}, errNetwork
	}
	return m.state, nil
}

func (m *memory) Write(_ context.Context, version, holder string, duration time.Duration) (State, error) {
	before, after := m.fail()
	if before {
		return State{}, errNetwork
	}
	if version != m.state.Version {
		return State{}, ErrConflict
	}
	m.version++
	m.state = State{Holder: holder, Version: strconv.Itoa(m.version), Duration: duration}
	if after {
		return State{}, errNetwork
	}
	return m.state, nil
}

func never() (bool, bool) { return false, false }

// clock of one process: runs at its own pace from its own beginning.
type clock struct {
	now  *time.Time
	base time.Duration
	pace float64
}

func (c clock) time() time.Time {
	began := time.Unix(0, 0)
	return began.Add(c.base + time.Duration(float64(c.now.Sub(began))*c.pace))
}

func TestTwoNeverHoldIt(t *testing.T) {
	for seed := range int64(300) {
		random := rand.New(rand.NewSource(seed))
		now := time.Unix(0, 0)
		store := &memory{fail: func() (bool, bool) {
			n := random.Intn(20)
			return n == 0, n == 1
		}}
		processes := []*Lease{}
		start := func() *Lease {
			// Clocks differ by hours, and run up to two percent fast or slow.
			own := clock{&now, time.Duration(random.Intn(7200)) * time.Second, 0.98 + random.Float64()*0.04}
			made := New(store, strconv.Itoa(int(random.Int63())), takeover)
			made.now = own.time
			return made
		}
		for range 3 {
			processes = append(processes, start())
		}
		stalled := make([]time.Time, len(processes))
		for range 2000 {
			now = now.Add(time.Duration(random.Intn(700)) * time.Millisecond)
			i := random.Intn(len(processes))
			switch random.Intn(200) {
			case 0: // stands still: a paused machine
				stalled[i] = now.Add(time.Duration(random.Intn(40)) * time.Second)
			case 1: // dies, and another starts in its place
				processes[i] = start()
			case 2:
				_ = processes[i].Release(context.Background())
			default:
				if now.After(stalled[i]) {
					_ = processes[i].Tick(context.Background())
				}
			}
			holders := 0
			for _, process := range processes {
				if process.Remaining() > 0 {
					holders++
				}
			}
			if holders > 1 {
				t.Fatalf("seed %d: %d hold the lease at once", seed, holders)
			}
		}
	}
}

func TestFollowsADeadHolderInTime(t *testing.T) {
	for seed := range int64(100) {
		random := rand.New(rand.NewSource(seed))
		now := time.Unix(0, 0)
		store := &memory{fail: never}
		first, second := New(store, "first", takeover), New(store, "second", takeover)
		first.now, second.now = func() time.Time { return now }, func() time.Time { return now }
		for range 20 + random.Intn(100) {
			now = now.Add(first.Pause() / 2)
			_ = first.Tick(context.Background())
			_ = second.Tick(context.Background())
		}
		if first.Remaining() <= 0 || second.Remaining() > 0 {
			t.Fatal("the first does not hold it")
		}
		died := now
		for second.Remaining() <= 0 {
			now = now.Add(second.Pause())
			_ = second.Tick(context.Background())
			if now.Sub(died) > takeover {
				t.Fatalf("nobody followed within %s", takeover)
			}
			if second.Remaining() > 0 && first.Remaining() > 0 {
				t.Fatal("two hold the lease")
			}
		}
	}
}

func TestAReleasedLeaseIsTakenAtOnce(t *testing.T) {
	store := &memory{fail: never}
	first, second := New(store, "first", takeover), New(store, "second", takeover)
	if err := errors.Join(first.Tick(context.Background()), first.Release(context.Background()), second.Tick(context.Background())); err != nil {
		t.Fatal(err)
	}
	if first.Remaining() > 0 || second.Remaining() <= 0 {
		t.Fatal("it was not handed over")
	}
}

func TestAnUnreachableStoreEndsTheHold(t *testing.T) {
	now := time.Unix(0, 0)
	down := false
	store := &memory{fail: func() (bool, bool) { return down, false }}
	held := New(store, "one", takeover)
	held.now = func() time.Time { return now }
	_ = held.Tick(context.Background())
	down = true
	for held.Remaining() > 0 {
		now = now.Add(held.Pause())
		if err := held.Tick(context.Background()); !errors.Is(err, errNetwork) {
			t.Fatal(err)
		}
		if now.Sub(time.Unix(0, 0)) > takeover*2/3 {
			t.Fatal("held beyond its duration")
		}
	}
}
