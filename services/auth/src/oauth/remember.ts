/** One question for all who ask at once. Its answer is kept for a while; a failure is not. */
export function remember<T>(keptMs: number, ask: () => Promise<T>, nowMs = () => performance.now()): () => Promise<T> {
  let answer: Promise<T> | undefined;
  let askedAtMs = 0;
  return () => {
    if (answer && nowMs() - askedAtMs < keptMs) return answer;
    askedAtMs = nowMs();
    const asked = ask().catch((error) => {
      if (answer === asked) answer = undefined;
      throw error;
    });
    answer = asked;
    return asked;
  };
}
