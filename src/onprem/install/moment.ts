// Installer: how much time has passed, for decisions that must not be made too late.

export interface Moment {
  /** Milliseconds of a clock that nobody sets, and that stands still while the machine sleeps. */
  steady: number;
  /** Milliseconds of the wall clock, which goes on meanwhile, and can be set. */
  wall: number;
}

export const thisMoment = (): Moment => ({ steady: performance.now(), wall: Date.now() });

/** Milliseconds since a moment, by the clock that says more: whoever acts on it is sooner too careful than too late. Pure but for its default. */
export function since(then: Moment, now: Moment = thisMoment()): number {
  return Math.max(now.steady - then.steady, now.wall - then.wall);
}
