// CLI: `verify`: whether a bundle is as the vendor signed it, every byte (PF-3, RT-9).
import { tellVerified, type VerifyOptions } from "../onprem/bundle/tell-verified";
import { EXIT } from "./main";

/** Verifies a bundle and prints what it holds. Fails with the first thing that is not as it was signed. */
export async function verify(file: string, options: VerifyOptions): Promise<number> {
  const { key, configKey, base } = options;
  const more = [
    ["--config-key", configKey],
    ["--base", base],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [` ${flag} ${value}`]));
  await tellVerified(file, options, `npx palisade verify ${file} --key ${key}${more.join("")}`);
  return EXIT.done;
}
