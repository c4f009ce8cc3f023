/** Requests with variables in them, by the rules that `app/learn/live.py` writes down. */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Variables = Readonly<Record<string, number>>;
export type Answers = Record<string, Json>;

/** A request's body, or a part of it, with the variables' values in place. */
export function resolved(template: Json, variables: Variables, answers: Answers): Json {
  if (Array.isArray(template)) return template.map((part) => resolved(part, variables, answers));
  if (template === null || typeof template !== "object") return template;
  const { var: name, times, log, of: place, fill, count } = template;
  if (typeof name === "string") return (variables[name] ?? NaN) * (typeof times === "number" ? times : 1);
  if (log !== undefined) return Math.log(Number(resolved(log, variables, answers)));
  if (typeof place === "string") return valueAt(answers, place);
  if (fill !== undefined) return new Array<Json>(Number(count)).fill(resolved(fill, variables, answers));
  const parts = Object.entries(template).map(([key, part]) => [key, resolved(part, variables, answers)] as const);
  return Object.fromEntries(parts);
}

/** What stands at a place such as "once.probabilities.0.1". */
export function valueAt(answers: Json, place: string): Json {
  let found: Json | undefined = answers;
  for (const part of place.split(".")) {
    found = Array.isArray(found) ? found[Number(part)] : typeof found === "object" && found !== null ? found[part] : undefined;
  }
  if (found === undefined) throw new Error(`nothing stands at ${place}`);
  return found;
}
