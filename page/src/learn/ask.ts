/** Requests to the service, with the key that was entered on the front page. */

const KEY = "xent.key";

export type Reply = { status: number; body: unknown };

/** Raises TypeError where the service can't be reached, and AbortError where `signal` says so. */
export async function ask(endpoint: string, body: string, signal?: AbortSignal): Promise<Reply> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  const key = storedKey();
  if (key !== null) headers["X-API-Key"] = key;
  // Pages are one level below the service's first path; a prefix in front of it does no harm.
  const address = new URL(`..${endpoint}`, location.href);
  const response = await fetch(address, { method: "POST", headers, body, signal: signal ?? null });
  return { status: response.status, body: await response.json() };
}

/** Storage may be switched off. */
function storedKey(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
