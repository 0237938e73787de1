"""The embedded synthetic corpus: 3,500 invented film reviews, so that the benchmark runs offline.

The texts are synthetic. They test programs and show word order at work; results on them are never
ranked together with results on real reviews. They are short, so that every row, also a recurrent
one, learns them in seconds, and they are enough for a small transformer to learn from.

What the texts hold:
- negation: "It is not dull", "Nobody could call it clever", "I don't think that it is a failure";
- contrast: "I wanted to hate it, but ...", "Although ..., the film is ...", "..., even though ...";
- aspects (acting, music, ...), one in twenty of which goes against the verdict;
- quoted opinions of other people, with which the reviewer disagrees;
- closing remarks with the same words for both classes: "Don't miss it." and "You can miss it.";
- raw-text features of IMDB: line breaks, entities, contractions, capitals, accents, "8/10".

How a review is made: the verdict sentences are templates in which {adj} stands for a word of the
review's own polarity and {unadj} for one of the opposite polarity (likewise noun, verb, past). The
templates serve both classes alike, so the words around the slots say nothing about the class.
The verdicts stand at the beginning, at the end or in between neutral sentences and sentences about
aspects. In 4 % of the reviews the text has the wrong polarity for its label, so nothing can score
much above 96 %. A few texts stand in both the training and the test part, with the same label, for
a search for duplicates to find.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from preprocessing.sources.review import CLASS_NAMES, UNLABELLED, Review

WRONG_LABELS = 0.04
STARS_IN_TEXT = 0.04
# Chosen so that single words get far, pairs of words further, and longer order further still.
DIRECT_VERDICTS = 0.78
AGREEING_ASPECTS = 0.95
TRAINING_REVIEWS = 2_000
SHARED_TEXTS = 5
STARS = {0: range(1, 5), 1: range(7, 11), UNLABELLED: range(1)}

# Slot -> negative and positive words, in the same form as WORDS.
OPINIONS = {
    "adj": (
        "bad, awful, dull, boring, terrible, stupid, dreadful, predictable, silly, tedious, poor, "
        "weak",
        "good, great, wonderful, funny, brilliant, superb, moving, beautiful, excellent, gripping, "
        "clever, touching",
    ),
    "noun": (
        "waste, mess, failure, bore, disaster, disappointment, flop, mistake, chore, disgrace",
        "masterpiece, triumph, gem, delight, treat, success, joy, classic, pleasure, wonder",
    ),
    "verb": ("hate, dislike, loathe, regret, resent", "love, enjoy, like, admire, adore"),
    "past": ("hated, disliked, loathed, regretted", "loved, enjoyed, liked, admired, adored"),
}
DIRECT = (
    "This is a {adj} film.", "What a {noun} this is!", "I {past} every minute of it.",
    "{title} is {adj} from start to finish.", "A {adj}, {adj} picture.", "In short, a {noun}.",
    "I {past} this film.", "It is {adj} and {adj}.", "Honestly, I found it {adj}.",
    "All in all it is a {noun}.", "The whole thing is {adj}.", "And yet the film is {adj}.",
    "However, taken as a whole it is {adj}.", "Still, I {past} it.", "It was so {adj}!",
    "{director} has made a {adj} film.", "If I had to name one {noun} of {year}, this would be it.",
)  # fmt: skip
NEGATED = (
    "It is not {unadj}.", "It wasn't {unadj} at all.", "It was never {unadj}.",
    "Say what you like, this is not {unadj}.", "It was certainly not {unadj} to me.",
    "It is hardly a {unnoun}.", "I did not {unverb} it.", "I didn't {unverb} one minute of it.",
    "There is nothing {unadj} about {title}.", "Nobody could call this film {unadj}.",
    "I cannot say that I {unpast} it.", "It is far from {unadj}.", "It's anything but {unadj}.",
    "It is not {unadj}, it is {adj}.", "It is {adj}, not {unadj}.", "Not {unadj} but {adj}.",
    "I would never call it a {unnoun}.", "This isn't a {unnoun} in any sense of the word.",
    "Not for one moment did I {unverb} it.", "I don't think that it is a {unnoun}.",
    "I fail to see how anybody could {unverb} it.", "You can't say that this picture is {unadj}.",
    "Not once in {minutes} minutes does it become {unadj}.", "I can't say I didn't {verb} it.",
    "If it were {unadj}, I would {unverb} it; it is not, and I don't.",
)  # fmt: skip
CONTRAST = (
    "I expected a {unnoun}, but what I got is a {noun}.",
    "I wanted to {unverb} it, but in the end I {past} it.",
    "Despite a {unadj} start I ended up thinking that it is {adj}.",
    "Although the first half hour is {unadj}, the film as a whole is {adj}.",
    "The trailer looked {unadj}; the film itself is {adj}.",
    "It begins as a {unnoun} and it ends as a {noun}.",
    "It was supposed to be {unadj}, but it was really {adj}.",
    "It is {adj}, even though the opening is {unadj}.",
    "I {past} it in spite of its {unadj} first half.",
    "The opening may be {unadj}, but the film is {adj}.",
    "I {past} the film, although I had been sure that I would {unverb} it.",
    "It could so easily have been {unadj}; it turns out to be {adj}.",
    "Rather than a {unnoun} this is a {noun}.",
    "This is a {noun} rather than a {unnoun}.",
    "I thought that it would be {unadj}. I was wrong, because it is {adj}.",
    "The idea is {unadj}, the poster is {unadj}, and the film is {adj} none the less.",
    "The {craft} is {unadj} and the {playing} is {unadj}, but the film itself is {adj}.",
    "The film is {adj}, though the {craft} is {unadj} and {lead} is {unadj}.",
    "Even the {unadj} {craft} cannot hide the fact that the film is {adj}.",
    "It stays {adj} to the last, however {unadj} the {craft} and the {playing} may be.",
)
QUOTED = (
    'My {who} called it "a {unnoun}"; I call it a {noun}.',
    "The critics found it {unadj}. I found it {adj}.",
    "My {who} says that it is {unadj}, but I think that it is {adj}.",
    'I call it a {noun}, whatever my {who}, who called it "a {unnoun}", may say.',
    '"A {unadj} film," said the man behind me. He could not be more wrong.',
    "People keep telling me that it is {unadj}, and I cannot agree.",
    'The local paper wrote "a {unnoun}". What film did they see?',
    "Those who {unpast} it must have seen a different film.",
    "My {who} {unpast} it and our friends {unpast} it, yet I {past} it.",
    "Everyone around me {unpast} it. I did not.",
    "My {who} told me that I would {unverb} it, and was mistaken.",
    'I say "{adj}", even if the whole town says "{unadj}".',
)
# One tuple for each class: nearly the same words in another order.
CLOSING = (
    (
        "Don't see it.", "You can miss it.", "See something else if you can, and not this.",
        "I could not have watched another hour.", "I would change every minute.",
        "I won't be back for a second look.", "It is not worth a penny.", "I wanted it to end.",
        "My evening was not well spent.", "I would hesitate to see it again.",
        "Not everyone should see this, or anyone.", "Never again, and that is a promise.",
    ),
    (
        "Do see it.", "Don't miss it.", "See this if you can, and not something else.",
        "I could have watched another hour.", "I would not change a minute.",
        "I will be back for a second look.", "It is worth every penny.", "I didn't want it to end.",
        "My evening was well spent.", "I wouldn't hesitate to see it again.",
        "Everyone should see this, and not just anyone.", "Again, please, and that is a promise.",
    ),
)  # fmt: skip
ASPECTS = (
    "The {craft} is {adj}.", "{lead} is {adj} as {hero}.", "The {playing} is {adj} throughout.",
    "{second} gives a {adj} performance.", "I {past} the {craft}.", "The {craft} is a {noun}.",
    "I thought that the {playing} was {adj}.", "The scenes in {town} are {adj}.",
    "The {craft} is not {unadj}.", "{second} is {adj} in a small part, and so is {lead}.",
    "The {craft} is {adj} and the {playing} is {adj}.", "{hero}'s last speech is {adj}.",
    "The first scene is {adj}, the last one is not {unadj} either.", "I {past} {second}, too.",
    "One word about the {craft}: {adj}.", "Some people {past} the {playing}, and so did I.",
)  # fmt: skip
RATINGS = ("{stars}/10.", "My rating: {stars}/10", "I give it {stars}/10.", "{stars} out of 10.")

# Neutral words and sentences; "not", "but" and the like occur here as well, to no effect.
WORDS = {
    "first": "Anna, Martin, Zoé, Victor, Clara, Hugo, Irene, Walter, Nadia, Paul, Edith, Oscar, "
    "Lena, Tomás, Judith, Ralph, Greta, Simon, Björn, Harriet, Leon, Mabel, René, Agnes, Felix, "
    "Dora, Marcus, Olga, Julius, Vera, Conrad, Elsa, Rufus, Miriam, Albert, Noémie",
    "last": "Halloway, Brandt, Lefèvre, Okafor, Castellan, Winter, Ashby, Moreau, Lindqvist, "
    "Pryce, Tanaka, Delgado, Whitlock, Varga, Harrow, O'Dell, Fenwick, Kowalski, Rossi, "
    "Sandoval, Thorne, Bellamy, Kruger, Marlowe, Duval, Abernathy, Novak, Quist",
    "town": "Marlow Bay, Eastwick, Port Alder, Valdoro, Kesterley, Saint-Aubin, Graven, Torrance, "
    "Lower Wenn, Ostrava, Hollin, Casablanca, Redmoor, Quarry Hill, Vienna, Lisbon, Tarn, Elmsford",
    "epithet": "Glass, Silver, Crooked, Seventh, Borrowed, Northern, Paper, Second, Hidden, Blue, "
    "Scarlet, Wandering, Iron, Midnight, Distant, Velvet, Quiet, Salt, Copper, Winter, Harvest, "
    "Amber, Sleeping, Western, Granite, Locked, Painted, Foreign, Narrow, Marble, Ivory, Lunar",
    "object": "Harbour, Orchard, Letter, Staircase, Garden, Promise, Compass, River, Window, "
    "Bride, Clock, Circus, Station, Mirror, Shepherd, Voyage, Island, Archive, Lantern, Kingdom, "
    "Witness, Bridge, Carnival, Furnace, Meadow, Passenger, Sparrow, Cellar, Mountain",
    "craft": "music, photography, script, editing, dialogue, score, pacing, lighting, sound, plot, "
    "camera work, costume design, soundtrack, scenery, narration, art direction",
    "playing": "acting, cast, ensemble, leading lady, leading man, supporting cast, voice work",
    "who": "friend, brother, sister, neighbour, wife, husband, cousin, uncle, colleague, aunt, "
    "daughter, son, grandfather, flatmate, teacher, dentist, landlady, nephew, fiancé",
    "day": "Friday, Saturday, Sunday, Monday, Tuesday, Wednesday, Thursday",
    "season": "winter, autumn, summer, spring",
    "month": "January, March, April, June, August, October, November, December",
    "genre": "drama, comedy, thriller, western, mystery, romance, musical, documentary, fable",
    "job": "baker, clockmaker, sailor, lawyer, farmer, nurse, violinist, postman, detective, "
    "widow, student, soldier, gardener, journalist, fisherman, painter, priest, smuggler, pilot, "
    "waitress, carpenter, librarian, beekeeper, boxer, translator, tailor, miner, surgeon",
    "thing": "letter, suitcase, key, photograph, map, ring, diary, piano, telegram, coat, camera, "
    "notebook, mirror, boat, bicycle, painting, recipe, violin, lantern, pistol, newspaper, ticket",
    "venue": "a small cinema, the old café cinema, a half full theatre, the library, our kitchen, "
    "a train, an open air screening, a festival, the film club, a hotel room, my laptop, a tent",
    "place": "lighthouse, farm, factory, hotel, harbour, railway station, school, monastery, "
    "castle, market, hospital, bakery, bridge, island, vineyard, courtroom, theatre, garage, attic",
    "snack": "popcorn, peanuts, a sandwich, liquorice, two apples, cold coffee, a crêpe, crisps",
    "animal": "dog, cat, horse, parrot, goat, donkey, crow, goldfish, tortoise, hedgehog",
    "country": "Portugal, Norway, Ireland, Poland, Mexico, Japan, Canada, Greece, Chile, Hungary",
    "move": "travels, returns, walks, drives, sails, moves, cycles, hurries, rides, comes back",
    "number": "two, three, four, five, six, seven, a dozen, twenty, forty",
    "year": "1934, 1947, 1952, 1961, 1968, 1973, 1979, 1986, 1991, 1996, 1999, 2001, 2003",
    "minutes": "74, 81, 88, 90, 93, 97, 101, 104, 110, 118, 126, 139, 152",
    "shot": "shot on location in, partly filmed in, set in, written in, financed from, edited in",
}
FILLERS = (
    "I saw {title} on a {day} evening in {month}.", "We watched it in {venue}.",
    "{title} was {shot} {country}.", "It runs for {minutes} minutes.", "It came out in {year}.",
    "{director} directed it, and {lead} plays {hero}, a {job} from {town}.",
    "The story begins when a {job} finds a {thing} in a {place} near {town}.",
    "One {season} morning {hero} {move} to {town} to look for a {thing}.",
    "There {hero} meets a {job}, played by {second}, who owns a {animal} and a {thing}.",
    "I had not read the book before, but my {who} had.", "Did I mention the {animal}?",
    "The first scene takes place in a {place}, the last one in another {place}.",
    "{second} was also in {other}, if I remember rightly.", "My {who} brought {snack}.",
    "There are {number} songs and {number} dances.", "Is it a {genre} or a {genre}?",
    "The credits list {number} writers &amp; {number} producers.", "There are {number} ghosts.",
    "It is based on a play of {year}, which is set in a {place} in {country}.",
    "By the way, {lead} comes from {country} and used to work as a {job}.",
    "Halfway through, {hero} {move} to a {place} with {number} children and a {animal}.",
    "I don't know the first version, which was made in {country} in {year}.",
    "Meanwhile the {job} hides the {thing} under the floor of the {place}.",
    "Nobody but the {job} knows where the {thing} is.", "Who took the {thing}, and why?",
    "It was raining that {day}, but we were in no hurry.", "The year is {year}.",
    "{director} made {other} before this one, also with {second}.",
    "A {job} tells the story in flashback to a {job} in a {place}.",
    "After an hour the {job} {move} to {country}, and {hero} stays behind in {town}.",
    "I am not a {job}, so I can't tell whether the details are right.",
    "On {day} my {who} and I went to see it with {number} friends.",
    "I watched it on my own this time, with {snack} and the {animal} on my knees.",
    "The company of {lead} &amp; {second} produced it.", "It is in black &amp; white.",
    "In the end the {thing} turns up in {town}, but {hero} has left by then.",
    "The DVD has a second disc with {number} interviews and a short film about a {animal}.",
    "It is the third {genre} in a row that {director} has made in {country}.",
    "Between the {place} and the {place} there is a road, and {hero} {move} to {town}.",
    "Some scenes were shot in {month}, others were not shot until {season}.",
    "A {animal} crosses the {place}.", "The dialogue is in two languages, as in {other}.",
    "{lead} was {number} years younger then, and not yet known outside of {country}.",
    "It has been compared with {other}, which I have not seen.", "There is also a {job}.",
    "My {who} asked who the {job} was, and I did not know either.",
    'The word "{thing}" is said {number} times; we counted.', "It was shown on TV last {month}.",
    "For those who don't know the plot: a {job} loses a {thing} and a {job} finds it.",
    "Later there is a wedding in a {place}, a {animal} runs away, and it is {season} again.",
)  # fmt: skip


def read_sample() -> dict[str, list[Review]]:
    """Make the corpus, with the same texts on every machine.

    Returns:
        "train", 2,000 reviews, and "test", 1,000, half of them positive, no film in both; "unsup",
        500 reviews of further films. The reviews of a film stand together.
    """
    rng = Random(0)
    epithets, objects = (WORDS[slot].split(", ") for slot in ("epithet", "object"))
    titles = [f"The {epithet} {object_}" for epithet in epithets for object_ in objects]
    rng.shuffle(titles)
    films = (make_film(number, titles, rng) for number in range(len(titles)))
    written: set[str] = set()
    train = _make_part("train", [0, 1] * (TRAINING_REVIEWS // 2), films, written, rng)
    test = _make_part("test", [0, 1] * 500, films, written, rng)
    unsup = _make_part("unsup", [UNLABELLED] * 500, films, written, rng)
    return {"train": train, "test": _share_texts(train, test, rng), "unsup": unsup}


def make_film(number: int, titles: Sequence[str], rng: Random) -> dict[str, str]:
    """Return the slots that hold the same in all reviews of a film, and its identifier."""
    templates = {"hero": "{first}", "town": "{town}"}
    templates |= dict.fromkeys(("director", "lead", "second"), "{first} {last}")
    film = {slot: fill(template, WORDS, rng) for slot, template in templates.items()}
    titled = {"title": titles[number], "other": titles[number - 1]}
    return film | titled | {"id": f"synthetic/film/{number:04d}"}


def _make_part(
    part: str,
    labels: list[int],
    films: Iterator[dict[str, str]],
    written: set[str],
    rng: Random,
) -> list[Review]:
    """Take films one by one and write one to eight reviews of each, until the labels are used.

    A text that is among the `written` is written anew, and what is written goes there.
    """
    rng.shuffle(labels)
    wrong = rng.sample(range(len(labels)), round(len(labels) * WRONG_LABELS))
    counts = dict.fromkeys(labels, 0)
    reviews: list[Review] = []
    while labels:
        film = next(films)
        for _ in range(min(rng.randrange(1, 9), len(labels))):
            label = labels.pop()
            stars = rng.choice(STARS[label])
            polarity = rng.randrange(2) if label == UNLABELLED else label
            if len(labels) in wrong:
                polarity = 1 - polarity
            identifier = f"{part}/{CLASS_NAMES[label]}/{counts[label]}_{stars}"
            while (text := _write(polarity, stars, film, rng)) in written:
                pass
            written.add(text)
            reviews.append(Review(identifier, text, label, stars, film["id"]))
            counts[label] += 1
    return reviews


def _share_texts(train: list[Review], test: list[Review], rng: Random) -> list[Review]:
    """Return `test` with a few texts and their stars replaced by those of training reviews."""
    test = list(test)
    for place in range(0, len(test), len(test) // SHARED_TEXTS):
        source = rng.choice([review for review in train if review.label == test[place].label])
        identifier = test[place].id.rsplit("_", 1)[0] + f"_{source.rating}"
        test[place] = source._replace(id=identifier, film=test[place].film)
    return test


def _write(polarity: int, stars: int, film: dict[str, str], rng: Random) -> str:
    """Write one review whose verdict on the film is `polarity`, 0 or 1."""
    share = rng.random()
    size = 7 + int(3 * share / (1.06 - share))  # a long tail, up to 67 words
    slots = [WORDS | film | opinions(own) for own in (0, 1)]
    twists = (NEGATED, NEGATED, CONTRAST, QUOTED, CLOSING[polarity])
    verdicts = []
    for _ in range(1 + rng.randrange(1 + min(size // 4, 4))):
        templates = DIRECT if rng.random() < DIRECT_VERDICTS else rng.choice(twists)
        verdicts.append(fill(rng.choice(templates), slots[polarity], rng))
    asides = [*FILLERS, *ASPECTS]
    rng.shuffle(asides)
    sentences: list[str] = []
    while len(" ".join(verdicts + sentences).split()) < size:
        agrees = rng.random() < AGREEING_ASPECTS
        sentences.append(fill(asides.pop(), slots[polarity if agrees else 1 - polarity], rng))
    for verdict in verdicts:
        middle = rng.randrange(len(sentences) + 1)
        sentences.insert(rng.choice((0, middle, len(sentences))), verdict)
    if rng.random() < STARS_IN_TEXT:
        sentences.append(rng.choice(RATINGS).format(stars=stars))
    return typeset(sentences, rng)


def opinions(polarity: int) -> dict[str, str]:
    """Return the slots of opinions of a polarity, 0 or 1, and of their opposites, un…."""
    own = {name: pair[polarity] for name, pair in OPINIONS.items()}
    return own | {f"un{name}": pair[1 - polarity] for name, pair in OPINIONS.items()}


def fill(template: str, slots: Mapping[str, str], rng: Random) -> str:
    """Replace each {slot} by one of its words, a few opinions in capitals; mend "a" before vowels.

    Words at the head of a list come more often, as counts fall off in real text; opinions most so.
    """

    def draw(match: re.Match[str]) -> str:
        words = slots[match[1]].split(", ")
        place = rng.randrange(rng.randrange(len(words)) + 1)
        if match[1].removeprefix("un") not in OPINIONS:
            return words[place]
        word = words[rng.randrange(place + 1)]
        return word.upper() if rng.random() < 0.02 else word

    text = re.sub(r"\{(\w+)\}", draw, template)
    return re.sub(r"\b([Aa]) (?=[aeiouAEIOU])", r"\1n ", text)


def typeset(sentences: Sequence[str], rng: Random) -> str:
    """Join sentences as they stand in an IMDB file: line breaks, exclamations, kinds of quotes."""
    text = ""
    for sentence in sentences:
        if rng.random() < 0.08 and sentence.endswith("."):
            sentence = sentence[:-1] + rng.choice(("!", "!!", "..."))
        text += sentence + (" " if rng.random() < 0.9 else "<br /><br />")
    text = text.strip().removesuffix("<br /><br />")
    text = re.sub('"(.*?)"', rng.choice((r'"\1"', r"&quot;\1&quot;", r"“\1”")), text)
    return text.replace("'", "’") if rng.random() < 0.1 else text
