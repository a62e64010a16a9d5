// Runs tests one after the other, for they share two cores and one browser, and tells what became of each.

const tests = [];
const cleanups = [];

/** Registers a test, whose name is a sentence. */
export function test(sentence, act) {
  tests.push({ sentence, act });
}

/** Runs `act` after the last test, whatever became of it; the last one registered comes first. */
export function atEnd(act) {
  cleanups.unshift(act);
}

/** Makes something when it is first asked for, and hands out the same thing, or the same failure, from then on. */
export function once(make) {
  let made;
  return () => (made ??= make());
}

/** Runs the tests whose sentence contains `wanted`, and says whether all of them passed; `onFailure` collects evidence. */
export async function runAll(wanted, onFailure) {
  const chosen = tests.filter(({ sentence }) => sentence.includes(wanted));
  let failed = 0;
  for (const { sentence, act } of chosen) {
    const since = performance.now();
    const error = await act().then(() => null, (cause) => cause ?? new Error("it threw nothing"));
    console.log(`${error ? "FAILED" : "ok    "}  ${sentence} (${((performance.now() - since) / 1000).toFixed(1)} s)`);
    if (!error) continue;
    failed += 1;
    console.log(indented(error.stack ?? String(error)));
    await onFailure(failed).catch((cause) => console.log(indented(`no evidence: ${cause.message}`)));
  }
  for (const cleanup of cleanups) await cleanup().catch((cause) => console.log(indented(String(cause))));
  console.log(`${chosen.length - failed} passed, ${failed} failed`);
  return failed === 0 && chosen.length > 0;
}

const indented = (text) => text.replace(/^/gm, "        ");
