/** What stands for an id in the shape of a target. */
const PLACEHOLDER = '{id}';

const UUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}';

/**
 * Targets as they are counted: ids in the paths of URLs are set aside, so that ten thousand customers are one target.
 * What has a name and no URL, as a table, a topic or a tool, is counted as it is. The views that fill `footprints` say
 * the same (`007_principals.sql`).
 *
 * Ids are UUIDs, 16 or more hexadecimal digits, 6 or more decimal ones, any number with which a part of the path begins
 * and goes no further as a word, and parts of 14 or more letters and digits with three digits among them, whatever short
 * word is before them (`cus_9s6XKzkNRiz8i3`).
 *
 * @param target expression of the store's
 */
export const shapeOf = (target: string): string => {
  const authority = `extract(${target}, '^[^/]*//[^/]*')`;
  const path = `replaceRegexpAll(
      replaceRegexpAll(substring(${target}, length(${authority}) + 1), '${UUID}|[0-9a-fA-F]{16,}|[0-9]{6,}', '${PLACEHOLDER}'),
      '/[0-9]+\\\\b', '/${PLACEHOLDER}')`;
  const isId = `match(part, '^(?:[A-Za-z]{1,8}[_-])?[0-9A-Za-z]{14,}$') AND match(part, '[0-9].*[0-9].*[0-9]')`;
  return `if(match(${target}, '^https?://'), concat(${authority}, if(match(${path}, '[0-9A-Za-z]{14,}'),
      arrayStringConcat(arrayMap(part -> if(${isId}, '${PLACEHOLDER}', part), splitByChar('/', ${path})), '/'),
      ${path})), ${target})`;
};

/** Whether it stands for all targets that differ in ids alone. */
export const isShape = (target: string): boolean =>
  /^https?:\/\//.test(target) && target.includes(PLACEHOLDER);

/** How all targets of a shape begin. @param shape expression of the store's, constant. */
export const beginningOf = (shape: string): string =>
  `substring(${shape}, 1, position(${shape}, '${PLACEHOLDER}') - 1)`;
