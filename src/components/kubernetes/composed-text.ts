// Kubernetes components: a text put together from values of Secrets; see `SecretSource`. Pure.

/**
 * The text with each `{name}` replaced. A brace around anything else is text, as in JSON.
 * @param secret whose text it is, for the error
 * @throws Error naming a value that the text has no place for.
 */
export function composedText(secret: string, text: string, values: Readonly<Record<string, string>>): string {
  const missing = Object.keys(values).find(name => !text.includes(`{${name}}`));
  if (missing) throw new Error(`the text of Secret \`${secret}\` has no \`{${missing}}\``);
  return text.replace(/\{([\w-]+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? "") : whole,
  );
}
