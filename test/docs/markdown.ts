// Tests of the documentation: its pages, their code blocks, and the commands in those.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

export interface Block {
  /** Page it stands on, relative to the project. */
  page: string;
  language: string;
  text: string;
}

/** Every page for people, relative to the project. */
export function pages(): string[] {
  const below = (directory: string) =>
    readdirSync(join(PROJECT_DIRECTORY, directory))
      .filter(name => name.endsWith(".md"))
      .map(name => join(directory, name));
  return ["README.md", "CONTRIBUTING.md", ...below("docs"), ...below("runbooks")];
}

export function read(page: string): string {
  return readFileSync(join(PROJECT_DIRECTORY, page), "utf8");
}

/** Anchors that a page's text has, as GitHub makes them out of its headings. */
export function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Fenced code blocks of a page. */
export function blocks(page: string): Block[] {
  return [...read(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", text = ""]) => ({
    page,
    language,
    text,
  }));
}

/** The one block of a language on a page, after a heading. */
export function blockAfter(page: string, heading: string, language: string): string {
  const section =
    read(page)
      .split(/^(?=#+ )/m)
      .find(part => part.startsWith(heading)) ?? "";
  const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(section)?.[1];
  if (found === undefined) throw new Error(`${page} has no block \`${language}\` below \`${heading}\``);
  return found;
}

/** Commands that a page asks somebody to type: the lines of `sh` blocks, and those after `$` in `console` blocks. */
export function commands({ language, text }: Block): string[] {
  const lines = text.replace(/\\\n\s*/g, "").split("\n");
  if (language === "sh") return lines.filter(line => line.trim() !== "" && !line.startsWith("#"));
  if (language === "console") return lines.filter(line => line.startsWith("$ ")).map(line => line.slice(2));
  return [];
}

/** Commands of all pages, each once. */
export function allCommands(): string[] {
  return [...new Set(pages().flatMap(blocks).flatMap(commands))];
}

/** What a `console` block says that a command prints, by command. */
export function transcripts(page: string): Map<string, string> {
  const found = blocks(page).filter(block => block.language === "console");
  return new Map(
    found.map(({ text }) => {
      const [first = "", ...rest] = text.split("\n");
      return [first.replace(/^\$ /, ""), rest.join("\n")];
    }),
  );
}

/**
 * A transcript as a pattern of the real output. A line that is only `…` stands for any lines, `…` within a line for any
 * text; everything else must be there to the letter.
 */
export function pattern(transcript: string): RegExp {
  const lines = transcript
    .trimEnd()
    .split("\n")
    .map(line => {
      if (line === "…") return "(?:.*\\n)*?";
      return `${line
        .split("…")
        .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
        .join(".*")}[ \\t]*\\n`;
    });
  return new RegExp(`^${lines.join("")}$`);
}

/** Real output without colours, and without what npm itself says before it. */
export function plain(output: string): string {
  return stripVTControlCharacters(output)
    .split("\n")
    .filter(line => !/^(npm (warn|notice)|> )/.test(line))
    .join("\n")
    .replace(/^\n+/, "");
}
