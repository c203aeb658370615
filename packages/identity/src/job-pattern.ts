const JOB_MAX_LENGTH = 200;
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}]/u;

/** 1 to 200 characters, no control or invisible ones, no blank at either end. */
export const isJobName = (text: string): boolean =>
  text !== '' && text.length <= JOB_MAX_LENGTH && text.trim() === text && !HIDDEN.test(text);

/**
 * `*` stands for any characters, none included; everything else for itself. Not a regular expression: the time taken
 * is bounded by the product of the lengths, whatever the pattern.
 */
export const jobMatches = (pattern: string, job: string): boolean => {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (next < job.length) {
    if (pattern[at] === '*') {
      star = at++;
      resume = next;
    } else if (pattern[at] === job[next]) {
      at++;
      next++;
    } else if (star >= 0) {
      at = star + 1;
      next = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
};
