/**
 * Which writing a text is in, and which letters pass for Latin ones. Rules: Unicode UTS 39, section 5.2, "highly
 * restrictive"; lookalikes: the Cyrillic, Greek and Armenian rows of its confusables.txt that map to one Latin letter.
 */
const LOOKALIKES = new Map([
  // Cyrillic
  ...pairs('асеорхуіјѕһԁԛԝҽӏ', 'aceopxyijshdqwel'),
  ...pairs('АВСЕНІЈКМОРЅТХУԌԚԜ', 'ABCEHIJKMOPSTXYGQW'),
  // Greek
  ...pairs('ονρα', 'ovpa'),
  ...pairs('ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'),
  // Armenian
  ...pairs('հոսցՍՕ', 'hnugUO'),
]);

/** The Latin letter that a character passes for, fullwidth forms included; null for none. */
export function lookalikeOf(character: string): string | null {
  const twin = LOOKALIKES.get(character);
  if (twin !== undefined) return twin;
  const plain = character.normalize('NFKC');
  return plain !== character && /^[\x21-\x7e]+$/.test(plain) ? plain : null;
}

/** Scripts that identifiers are written in; letters of any other count as one further script. */
const SCRIPTS = {
  Latin: /\p{Script=Latin}/u,
  Han: /\p{Script=Han}/u,
  Hiragana: /\p{Script=Hiragana}/u,
  Katakana: /\p{Script=Katakana}/u,
  Bopomofo: /\p{Script=Bopomofo}/u,
  Hangul: /\p{Script=Hangul}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Armenian: /\p{Script=Armenian}/u,
} as const;

/** Scripts that one text may mix. */
const MIXES = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

/** Scripts of a text's letters, when they are not ones that belong together; else none. */
export function oddMix(text: string): string[] {
  const found = new Set<string>();
  for (const character of text) {
    if (!/\p{L}/u.test(character)) continue;
    found.add(Object.entries(SCRIPTS).find(([, script]) => script.test(character))?.[0] ?? 'another script');
  }
  const scripts = [...found];
  const belongs = scripts.length < 2 || MIXES.some((mix) => scripts.every((script) => mix.includes(script)));
  return belongs ? [] : scripts;
}

/** What a text without a Latin letter passes for when each of its letters has a Latin twin; null when one has not. */
export function latinTwin(text: string): string | null {
  let twin = '';
  let foreign = false;
  for (const character of text) {
    const letter = lookalikeOf(character);
    if (letter !== null) foreign = true;
    else if (/[^\p{ASCII}]/u.test(character)) return null;
    twin += letter ?? character;
  }
  return foreign ? twin : null;
}

/** Characters that show nothing, or turn the text around them. */
export function hasInvisible(text: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(text);
}

function pairs(lookalikes: string, latin: string): [string, string][] {
  const letters = [...latin];
  return [...lookalikes].map((character, index) => [character, letters[index]!]);
}
