import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDigitOf } from '../src/business-number.js';
import { castBackers } from '../src/cast.js';
import { readStory } from '../src/data.js';
import { widthOf } from '../src/print.js';
import { makeRandom } from '../src/random.js';

const story = await readStory();
const test = suite('demo data');

test('has at least twelve projects, three sellers, and nobody who sells nothing', () => {
  assert.ok(story.projects.length >= 12);
  assert.is(story.sellers.length, 3);
  for (const { key } of story.sellers)
    assert.ok(
      story.projects.some(({ seller }) => seller === key),
      key,
    );
  for (const { seller } of story.projects)
    assert.ok(
      story.sellers.some(({ key }) => key === seller),
      seller,
    );
});

test('projects have stories of several paragraphs and two to five rewards, within what the contract takes', () => {
  for (const { title, summary, story: paragraphs, rewards } of story.projects) {
    assert.ok(title.length <= 100 && summary.length <= 200, title);
    assert.ok(paragraphs.length >= 4, title);
    assert.ok(rewards.length >= 2 && rewards.length <= 5, title);
  }
});

test('business numbers hold their check digit', () => {
  for (const { businessNumber } of story.sellers) {
    const digits = businessNumber.replaceAll('-', '');
    assert.is(checkDigitOf(digits.slice(0, 9)), Number(digits[9]), businessNumber);
  }
  assert.is(checkDigitOf('124810099'), 8, 'of a company that everybody knows: 124-81-00998');
});

test('the shares of behaviours make a whole', () => {
  const sum = story.behaviours.reduce((total, { share }) => total + share, 0);
  assert.ok(Math.abs(sum - 1) < 1e-9, String(sum));
});

test('the same seed casts the same backers, and another seed others', () => {
  const cast = (seed: number) => JSON.stringify(castBackers(story, story.backers, makeRandom(seed)));
  assert.is(cast(7), cast(7));
  assert.is.not(cast(7), cast(8));
});

test('three hundred backers show every behaviour, and more rush than there are last rewards', () => {
  const backers = castBackers(story, story.backers, makeRandom(1));
  assert.is(backers.length, story.backers);
  for (const { name } of story.behaviours)
    assert.ok(
      backers.some(({ behaviour }) => behaviour.name === name),
      name,
    );
  const rewards = story.projects.flatMap((project) => project.rewards).filter((reward) => reward.lastMinuteRush);
  assert.is(rewards.length, 1);
  assert.ok(backers.filter(({ behaviour }) => behaviour.name === 'last-minute-rush').length > 2 * (rewards[0]?.stock ?? Infinity));
});

test('Hangul takes two columns', () => {
  assert.is(widthOf('모아 Moa'), 8);
});

test.run();
