// Preflight: what was looked at and what came of it, for people and for machines (IS-11). Pure.

export type Level = "ok" | "warning" | "failed";

/** `warning`: it may work, or could not be looked at. `failed`: nothing is begun before it is mended. */
export interface Finding {
  /** Stays the same between versions: `storage-class`. */
  id: string;
  level: Level;
  found: string;
  needed: string;
  /** What to do, with a command to type where there is one; empty where all is well. */
  fix: string;
}

export const ok = (id: string, found: string, needed = ""): Finding => ({ id, level: "ok", found, needed, fix: "" });
export const warning = (id: string, found: string, needed: string, fix: string): Finding => {
  return { id, level: "warning", found, needed, fix };
};
export const failed = (id: string, found: string, needed: string, fix: string): Finding => {
  return { id, level: "failed", found, needed, fix };
};

const marks: Readonly<Record<Level, string>> = { ok: "✓", warning: "!", failed: "✗" };

/** All of them, what is worst last, where a terminal ends. */
export function findingsTable(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ id }) => id.length));
  const order: readonly Level[] = ["ok", "warning", "failed"];
  const lines = order.flatMap(level =>
    findings
      .filter(finding => finding.level === level)
      .flatMap(({ id, found, needed, fix }) => [
        `  ${marks[level]} ${id.padEnd(width)}  ${oneLine(found)}${level !== "ok" && needed ? `; needed: ${oneLine(needed)}` : ""}`,
        ...fix
          .split("\n")
          .filter(line => line !== "")
          .map(line => `    ${" ".repeat(width)}→ ${oneLine(line)}`),
      ]),
  );
  return `${lines.join("\n")}\n`;
}

export const isFailed = ({ level }: Finding): boolean => level === "failed";
export const isWarning = ({ level }: Finding): boolean => level === "warning";

/** Texts of the cluster may hold anything. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}
