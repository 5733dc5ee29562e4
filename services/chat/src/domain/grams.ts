// What a text can be found by: each pair of characters that follow each other, so that a part of a word is enough, in Korean as in Latin.

/** As texts are compared: compatibility forms are one, letter case does not matter, and spaces are one space. */
export const foldText = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();

/** Without repeats. A text of one character has none. */
export function gramsOf(text: string): string[] {
  const characters = [...foldText(text)];
  return [...new Set(characters.slice(1).map((character, index) => characters[index]! + character))];
}
