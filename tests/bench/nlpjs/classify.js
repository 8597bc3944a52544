// NLP.js on the same examples and questions as everybody: one model a language, as its documentation advises.
// Reads {"examples": [{lang, text, label}], "questions": [{lang, text}]} from the file named first and writes
// {"predictions": [{intent, confidence, ranking}], "training_s", "per_message_ms", "memory_mb"} to the second.
const fs = require("fs");
const { NlpManager } = require("node-nlp");

async function main(source, target) {
  const { examples, questions } = JSON.parse(fs.readFileSync(source, "utf8"));
  const languages = [...new Set(examples.map((example) => example.lang))];
  const managers = {};
  let began = process.hrtime.bigint();
  for (const lang of languages) {
    const manager = new NlpManager({
      languages: [lang], autoSave: false, autoLoad: false, forceNER: false, nlu: { log: false },
    });
    for (const { text, label } of examples.filter((example) => example.lang === lang)) {
      manager.addDocument(lang, text, label);
    }
    await manager.train();
    managers[lang] = manager;
  }
  const trained = Number(process.hrtime.bigint() - began) / 1e9;
  const spent = [];
  const predictions = [];
  for (const { lang, text } of questions) {
    // A question in both languages at once goes to the Spanish model.
    const known = lang in managers ? lang : "es";
    began = process.hrtime.bigint();
    const { intent, score, classifications } = await managers[known].process(known, text);
    spent.push(Number(process.hrtime.bigint() - began) / 1e6);
    const ranking = classifications.filter(({ intent: name }) => name !== "None").slice(0, 10);
    predictions.push({
      intent: intent === "None" ? "nlu_fallback" : intent,
      confidence: score,
      ranking: ranking.map(({ intent: name, score: value }) => ({ name, confidence: value })),
    });
  }
  spent.sort((a, b) => a - b);
  fs.writeFileSync(target, JSON.stringify({
    predictions,
    training_s: trained,
    per_message_ms: spent[Math.floor(spent.length / 2)],
    memory_mb: process.memoryUsage().rss / 1024 / 1024,
  }));
}

main(process.argv[2], process.argv[3]);
