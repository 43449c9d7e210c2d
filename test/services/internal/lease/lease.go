// Package lease decides which replica works (RT-30), with a Lease of coordination.k8s.io. A process counts itself the holder only
// until a moment that it computed before it asked, on its own clock and with time to spare; another takes over only after
// it has itself watched the lease stand still for the whole of its duration. Neither compares clocks of two machines.
package lease

import (
	"context"
	"errors"
	"sync"
	"time"
)

// State of the lease as a store holds it.
type State struct {
	Holder   string
	Version  string // changes with each write
	Duration time.Duration
}

// Store keeps the lease; Write fails with ErrConflict if the version is another by then.
type Store interface {
	Read(context.Context) (State, error)
	Write(ctx context.Context, version, holder string, duration time.Duration) (State, error)
}

// ErrConflict is a lease that somebody else has written in the meantime.
var ErrConflict = errors.New("the lease was written by another")

// Lease is one process's view of it.
type Lease struct {
	store    Store
	me       string
	duration time.Duration
	now      func() time.Time

	mutex sync.Mutex
	seen  State
	// since when seen stands still, by this process's clock
	since time.Time
	until time.Time
}

// New makes a view of the lease for a process called me, a name no other process ever has. After the death of a holder the
// next one works within takeover; the lease's own duration is two thirds of it, the rest is for those that wait to look.
func New(store Store, me string, takeover time.Duration) *Lease {
	return &Lease{store: store, me: me, duration: takeover * 2 / 3, now: time.Now}
}

// margin is left out of what counts as held: requests under way, timers that come late.
func (l *Lease) margin() time.Duration { return l.duration / 5 }

// Pause until the next Tick: a tenth of the duration, for the holder and those that wait alike.
func (l *Lease) Pause() time.Duration { return l.duration / 10 }

// Until is the moment up to which this process may work; in the past if it may not.
func (l *Lease) Until() time.Time {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.until
}

// Remaining is how long this process may work; zero or less if it may not. It is asked before each thing that only one
// may do, and bounds how long that may take.
func (l *Lease) Remaining() time.Duration { return l.Until().Sub(l.now()) }

// Tick renews the lease, or takes it if it stands still, or looks at it.
func (l *Lease) Tick(ctx context.Context) error {
	began := l.now()
	seen := l.look()
	if seen.Holder != l.me || seen.Version == "" {
		current, err := l.store.Read(ctx)
		if err != nil {
			return err
		}
		if !l.mayTake(current) {
			return nil
		}
		seen = current
		// Counted from before the write, which is what others see the lease move by.
		began = l.now()
	}
	written, err := l.store.Write(ctx, seen.Version, l.me, l.duration)
	if errors.Is(err, ErrConflict) {
		// Whoever wrote it holds it now; whatever is under way ends.
		l.set(State{}, time.Time{})
		return nil
	}
	if err != nil {
		// It may have been written all the same: what is held stays held until its end, and the next tick reads first.
		l.forget()
		return err
	}
	l.set(written, began.Add(l.duration-l.margin()))
	return nil
}

// Release gives the lease back, so that the next one need not wait. Call it when nothing is under way any more.
func (l *Lease) Release(ctx context.Context) error {
	seen := l.look()
	l.set(State{}, time.Time{})
	if seen.Holder != l.me {
		return nil
	}
	_, err := l.store.Write(ctx, seen.Version, "", l.duration)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	return err
}

func (l *Lease) look() State {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.seen
}

func (l *Lease) forget() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.seen = State{}
}

func (l *Lease) set(seen State, until time.Time) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.seen, l.since, l.until = seen, l.now(), until
}

// mayTake: nobody holds it, this process did, or it stood still for its duration while this process watched.
func (l *Lease) mayTake(current State) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if current.Version != l.seen.Version || l.seen.Version == "" {
		l.seen, l.since = current, l.now()
	}
	duration := max(current.Duration, l.duration)
	return current.Holder == "" || current.Holder == l.me || l.now().Sub(l.since) >= duration
}
