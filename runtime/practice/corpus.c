/* Invented short texts. Pure.
 *
 * A text is one entry of each of four lists. Their lengths are different primes, and text n takes entry (n + shift) mod length of each: by
 * the Chinese remainder theorem no combination comes twice before n reaches the product, and neighbours differ in every part, so that a
 * word-overlap gate does not take them for copies. */
#include "corpus.h"

#include "signalbox/base/hash.h"

static const char *const topics[] = {
    "Morning light", "Walking after meals", "Evening screen time", "Protein at breakfast", "Strength training twice a week",
    "A cold shower", "Slow nasal breathing", "Fibre variety", "Afternoon coffee", "Zone 2 cardio",
    "A fixed bedtime", "A short nap", "A standing break", "Drinking to thirst", "Grip strength",
    "Balance training", "A cool bedroom", "Fermented food", "Sunday meal planning", "Stair climbing",
    "Stretching the hips", "A late dinner", "A quiet lunch break", "Resting heart rate", "Jaw tension",
    "An eye break", "A handful of berries", "The farmer's carry", "The weekend lie-in",
};

static const char *const claims[] = {
    "works better as a default than as a resolution", "pays off in weeks, not in days",
    "is cheaper than any supplement on the shelf", "matters most on the days that feel too busy for it",
    "fails when it depends on motivation", "changes sleep before it changes weight",
    "is easier to keep with a cue than with a reminder", "looks trivial until you measure it",
    "helps more people than it is credited for", "does little alone and a lot together with routine",
    "is where most plans quietly break", "deserves ten minutes before anything fancier",
    "is overrated as a cure and underrated as a habit", "scales down well: half of it still counts",
    "shows up in mood earlier than in numbers", "is the part that beginners skip",
    "gets simpler once the first week is over", "is a better lever at forty than at twenty",
    "needs no gear, no app and no streak", "beats a perfect plan that starts on Monday",
    "is often blamed for what stress did", "travels well, even to hotel rooms",
    "rewards the boring version of itself",
};

static const char *const evidence[] = {
    "In one small trial the effect appeared by week three.", "Our own log shows nine good days out of ten.",
    "Reviews agree on the direction and argue about the size.", "The dose in studies is lower than people assume.",
    "Two weeks of notes tell more than one lab value.", "Most of the gain comes from going from none to some.",
    "The control group improved too, which is worth knowing.", "It held up when the measurement was blinded.",
    "Older adults gained the most in the pooled data.", "Averages hide that a third saw no change.",
    "The best predictor was whether it had a fixed time.", "Dropouts were lowest where it took five minutes.",
    "Effects faded within a month after stopping.", "Self-reports were rosier than the sensors.",
    "The mechanism is plausible, the proof is partial.", "Shift workers needed a different schedule.",
    "Nobody in the follow-up regretted starting small.", "The strongest result came from the plainest protocol.",
    "Season explained more than the programme did.",
};

static const char *const asks[] = {
    "What would make it easier for you?", "Try it for ten days and write down one number.",
    "Which part would you drop first?", "Tell us what you measured.", "Start tomorrow, review on day eight.",
    "Pair it with something you already do.", "Pick the smallest version and keep it.", "Who has seen the opposite?",
    "Put it before the first meeting of the day.", "Keep the record, forget the streak.", "Ask again in a month.",
    "One change at a time, please.", "Skip a day without guilt, never two.", "Share your worst week with it.",
    "Make the next step visible tonight.", "Compare with last month, not with others.", "Then leave it alone and sleep.",
};

static const char *const angles[] = { "practical first step", "what the evidence says", "common mistake", "cost and benefit",
                                      "myth against data", "habit design", "who should be careful" };
static const char *const tones[] = { "calm", "curious", "direct", "friendly", "sceptical" };
static const char *const formats[] = { "claim and evidence", "question at the end", "short list in prose" };

struct slot {
    const char *const *items;
    uint64_t count;
};

static const struct slot slots[] = {
    { topics, SB_LEN(topics) }, { claims, SB_LEN(claims) }, { evidence, SB_LEN(evidence) }, { asks, SB_LEN(asks) },
};

uint64_t sb_corpus_size(void)
{
    uint64_t size = 1;
    for (size_t i = 0; i < SB_LEN(slots); i++) {
        size *= slots[i].count;
    }
    return size;
}

static const char *pick(uint64_t seed, uint64_t n, size_t slot)
{
    const uint64_t shift = sb_hash_fold(seed, slot) % slots[slot].count;
    return slots[slot].items[(n % slots[slot].count + shift) % slots[slot].count];
}

void sb_corpus_write(uint64_t seed, uint64_t n, struct sb_text *out, struct sb_corpus_idea *idea)
{
    _Static_assert(SB_LEN(topics) == 29 && SB_LEN(claims) == 23 && SB_LEN(evidence) == 19 && SB_LEN(asks) == 17,
                   "the lengths of the lists must be different primes");
    sb_text_add(out, pick(seed, n, 0));
    sb_text_add_char(out, ' ');
    sb_text_add(out, pick(seed, n, 1));
    sb_text_add(out, ". ");
    sb_text_add(out, pick(seed, n, 2));
    sb_text_add_char(out, ' ');
    sb_text_add(out, pick(seed, n, 3));
    if (idea) {
        const uint64_t draw = sb_hash_fold(seed, n);
        *idea = (struct sb_corpus_idea){
            .topic = pick(seed, n, 0),
            .angle = angles[draw % SB_LEN(angles)],
            .tone = tones[(draw >> 16) % SB_LEN(tones)],
            .format = formats[(draw >> 32) % SB_LEN(formats)],
        };
    }
}
