// Installer: what it shows while it works: a moving line on a terminal, plain lines elsewhere, one JSON object per line for machines.
import { plain } from "../../kubernetes/await/findings";
import type { Plan, StepId } from "./plan";

export interface Report {
  plan(plan: Plan): void;
  /** A step is about to begin; whoever confirms each is asked after this. */
  begins(id: StepId, title: string): void;
  done(id: StepId, note: string): void;
  failed(id: StepId, why: string): void;
  /** What is being done within a step; the next one takes its place. */
  progress(text: string): void;
  /** A line that stays. */
  say(text: string): void;
  /** What the user is asked; the run waits for a line on standard input. */
  ask(question: string): void;
  /** Ends whatever moves. */
  close(): void;
}

export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
}

/** Version of what a line of JSON holds. Fields and events may be added without another; whoever reads leaves aside what it does not know. */
export const reportSchema = 1;

/** One line for machines: the event and the version of its form before all else. Pure. */
export const jsonLine = (event: string, fields: object): string =>
  `${JSON.stringify({ event, schema: reportSchema, ...fields })}\n`;

/** JSON lines, each with `event` and `schema`; nothing else goes to the same output. */
export function jsonReport(out: Output): Report {
  const line = (event: string, fields: object) => out.write(jsonLine(event, fields));
  let latest = "";
  return {
    plan: plan => line("plan", plan),
    begins: (id, title) => line("step", { id, state: "begins", title }),
    done: (id, note) => line("step", { id, state: "done", note }),
    failed: (id, why) => line("step", { id, state: "failed", why }),
    progress: text => {
      if (text !== latest) line("progress", { text: plain(text) });
      latest = text;
    },
    say: text => line("note", { text: plain(text) }),
    ask: text => line("question", { text: plain(text) }),
    close: () => undefined,
  };
}

const plainTickMs = 10_000;
const tickMs = 250;

/** For people: steps by number and title. Texts of the cluster come without control characters. */
export function textReport(out: Output, now: () => number = () => performance.now()): Report {
  const moving = out.isTTY === true;
  let step: { title: string; began: number } | undefined;
  let shown = "";
  let latest = "";
  let last = 0;
  const clear = () => moving && shown !== "" && out.write("\r\u001b[K");
  const stay = (text: string) => {
    clear();
    out.write(`${text}\n`);
    shown = "";
  };
  const draw = () => {
    if (!step || now() - last < (moving ? tickMs : plainTickMs)) return;
    const seconds = `${Math.round((now() - step.began) / 1000)} s`;
    const text = `  … ${step.title} (${seconds})${latest && `: ${latest}`}`;
    last = now();
    if (!moving) return stay(text);
    clear();
    out.write(text.slice(0, 118));
    shown = text;
  };
  const timer = setInterval(draw, 1_000);
  timer.unref();
  const finish = (text: string) => {
    stay(text);
    step = undefined;
    latest = "";
  };
  return {
    plan: plan => out.write(planText(plan)),
    begins: (_, title) => {
      step = { title, began: now() };
      last = 0;
      if (moving) draw();
      else {
        stay(`  … ${title}`);
        last = now();
      }
    },
    done: (_, note) => finish(`  ✓ ${step?.title ?? ""}${note && `: ${plain(note)}`}`),
    failed: (_, why) => finish(`  ✗ ${step?.title ?? ""}: ${plain(why.split("\n")[0] ?? "")}`),
    progress: text => {
      latest = plain(text);
      draw();
    },
    say: text => stay(`  ${plain(text)}`),
    ask: text => stay(`  ${plain(text)}`),
    close: () => {
      clearInterval(timer);
      clear();
      shown = "";
    },
  };
}

/** The plan as it is printed before anything is done. */
function planText({ title, steps, notes }: Plan): string {
  const lines = steps.map(
    ({ what, undo }, i) => `  ${String(i + 1).padStart(2)}. ${what}${undo ? `\n      back: ${undo}` : ""}`,
  );
  return `${[title, ...notes.map(note => `  ${note}`), ...lines].join("\n")}\n`;
}
