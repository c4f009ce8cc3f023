/** Code with a button that copies it. */

import { useState } from "preact/hooks";

import { paint } from "../code.ts";
import { t } from "../text.ts";

const COPIED_MS = 1500;

export function Code({ code }: { code: string }) {
  return (
    <pre tabIndex={0}>
      {paint(code).map(({ text, kind }, i) =>
        kind === "" ? (
          text
        ) : (
          <span key={i} class={kind}>
            {text}
          </span>
        ),
      )}
    </pre>
  );
}

export function CopyButton({ text, label = t("answer.copy"), plain = false }: { text: () => Promise<string> | string; label?: string; plain?: boolean }) {
  const [copied, setCopied] = useState<"" | "copied" | "failed">("");
  const copy = async () => {
    const outcome = await writeText(await text());
    setCopied(outcome ? "copied" : "failed");
    setTimeout(() => setCopied(""), COPIED_MS);
  };
  return (
    <button class={plain ? "link" : "copy"} type="button" onClick={() => void copy()}>
      {copied === "" ? label : t(`answer.${copied}`)}
    </button>
  );
}

/** The clipboard's own interface needs https or loopback; a selection can be copied everywhere. */
async function writeText(text: string): Promise<boolean> {
  if (text === "") return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden-label";
    document.body.append(area);
    const focused = document.activeElement as HTMLElement | null;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused?.focus();
    return done;
  }
}
