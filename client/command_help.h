// What `daftar --help` and `daftar COMMAND --help` say of the longer commands. The first line is
// what the list of commands shows.
#pragma once

namespace daftar::client {

inline constexpr char kAbout[] =
    R"(Daftar: the register of an office. It works without a network, remembers every version of
every value, and sends and fetches changes when there is a line.
Begin with `daftar init`. `daftar COMMAND --help` teaches each command.
Exit codes: 0 done, 1 fault of Daftar, 2 wrong input, 3 not found, 4 refused, 5 conflict,
6 hub or file not available now, 7 damaged data, 8 over a limit, 9 disk, 10 stopped,
11 made by a newer Daftar, 12 this disk is a copy, 13 exists already.)";

inline constexpr char kInit[] = R"(Make this computer's Daftar folder and enrol it.
The hub's operator hands you a token (daftar-hub token) and the hub's address. It counts for some
minutes and for one device:
  daftar init --hub hub.example:7444 --token ABCD-EFGH-…
That makes this device's key, and fetches its number and its certificate, which renews itself over
sync. From then on you can work, with or without a line.
  daftar init --again --token …     a copied or restored disk: a number of its own, no work is lost
  daftar init --hub NEW:7444        the hub has moved
  daftar init --token …             the hub was restored and does not know this device any more)";

inline constexpr char kImport[] =
    R"(Take tables (CSV, UTF-8) into the register.
Only cells that differ are written; importing the same file again writes nothing. Bad rows are refused one by one, with line and reason;
all good rows are saved together or not at all.
Tables are known by their first row:
  indicators    id, parent_id, level (kpa|kpi|subkpi), name_en, name_ar, name_fr, unit, …
  measurements  indicator_id, period, value, note
  baselines     indicator_id, period, value, source
  targets       indicator_id, period, value, rationale
A folder stands for the tables of these names in it. Look first, then import with the
context that the dry run printed, so that what others wrote in between shows as a conflict:
  daftar import --dry-run tables/
  daftar import tables/ --context 120:7 -m 'figures of the first half-year')";

inline constexpr char kExport[] =
    R"(Write the register as tables, or its entries as a file.
`daftar import` and Excel read the tables; anyone can check the entries without Daftar.
  daftar export tables/
  daftar export tables/ --as-of 2026-06-30
  daftar export --entries register.entries)";

inline constexpr char kUsers[] =
    R"(Who takes part and in which role, for those who hold the ledger national.
An administrator gives a role, two administrators make another one, and one shuts a device out
(standing: active, retired, or lost, when what it has not sent may not be handed over either):
  daftar set --ledger national user#7.1 role=focal-point
  daftar set --ledger national new:approval user=user#7.1
  daftar set --ledger national device#12.1 standing=lost)";

inline constexpr char kShow[] =
    R"(Show the register, one record, or one value.
It is what the hub has confirmed, with your own pending work on top.
  daftar show                         how much there is, and the key performance areas
  daftar show 1.2.1                   an indicator with baseline, targets and measurements
  daftar show '1.2.1@2024 H1' value   one value
  daftar show 1.2.1 --as-of 2026-06-30)";

inline constexpr char kScore[] =
    R"(Scores and colours.
Of the administration, an area or an indicator, with how much of what was expected is there, and the
figure in which what is overdue counts as nothing done. Computed here, without a network; nothing is written.
  daftar score                        the administration and its key performance areas
  daftar score kpa:1                  an area and what is in it
  daftar score --all --period '2026 H1'
  daftar score --profile undp         what another profile would say
  daftar score --weight 1.2=3         what another weight would do
  daftar score --sector health        all administrations of a sector)";

inline constexpr char kCheck[] =
    R"(What to look at before the register is reported.
Values that cannot be right, that are missing, or not like their own past. Each is mended, or justified:
  daftar check
  daftar check 1.2.1
  daftar set new:justification check=jump about='1.2.1@2025' text='the new office opened')";

inline constexpr char kProfiles[] =
    R"(The scoring profiles there are: built in, or versions in the ledger national.
A version is in force when another person than its author has approved just its content.
  daftar profiles --propose sopmip-default.json
  daftar profiles --preview '#7.3'    what it would have said, before anybody approves it
  daftar profiles --approve '#7.3')";

inline constexpr char kSeries[] =
    R"(All periods of an indicator or an area.
Values, targets, scores, verification, and where another version of the definition begins. ƒ marks a
value that the indicator's formula gives.
  daftar series 1.2.1
  daftar series kpa:1)";

inline constexpr char kTargets[] =
    R"(Help with setting targets.
The trend of the past, where each target lies against it, and what others with the same unit reach;
then indicators that a target says little about.
  daftar targets
  daftar targets 1.2.1)";

inline constexpr char kShare[] =
    R"(Share values with sectors.
Puts the values of indicators into the ledgers of the sectors that they name, as the hub has confirmed
them here. Others read them there and cannot change them; they can ask:
  daftar set 1.2.1 sectors='health; education'
  daftar share
  daftar set --ledger sector/health new:request text='figures by district')";

inline constexpr char kFind[] =
    R"(Find areas and indicators by a part of their names, or their code.
In any language, whatever the case, the accents, the vowel signs and the forms of Arabic letters, and
the digits.
  daftar find تعليم
  daftar find taux de pauvrete)";

inline constexpr char kExplain[] =
    R"(What a score is made of: formula, values, targets, who entered them, parts and weights.
  daftar explain 1.2.1
  daftar explain kpa:1 --period 2026)";

inline constexpr char kSet[] =
    R"(Write values of one record, as one changeset.
Saved is saved: it survives a power cut, and goes to the hub with the next sync.
  daftar set '1.2.1@2024 H1' value=12.5 note='second survey' -m 'first half of 2024'
  daftar set 1.2.1 name_en='Poverty rate'
  daftar set new:indicator code=1.9 name_en='…' parent=kpa:1
FIELD= with nothing behind clears a field. Numbers may use Arabic or Western digits; a
reference is the code of a record; a period is written as 2024, 2024 H1, 2024 Q3,
2024 M05 or 2023/24. A wrong field name lists those there are.)";

inline constexpr char kDelete[] =
    R"(Delete a record; its history stays.
If somebody worked on it without knowing, both stand as a conflict.
  daftar delete 1.9 -m 'counted twice'
  daftar delete 1.9 --undo)";

inline constexpr char kLog[] =
    R"(Show every version of a value or record, or the newest changesets.
Entered, pending and held ones are there, with author, device, message, source, times and
outcome.
  daftar log
  daftar log 1.2.1
  daftar log '1.2.1@2024 H1' value)";

inline constexpr char kDiff[] =
    R"(Show which values differ between two moments.
A moment is a position (120) or a time (2026-06-30, by the hub's clock, UTC); days are meant whole.
Without TO: now, with your pending work.
  daftar diff 2026-01-01 2026-06-30)";

inline constexpr char kConflicts[] =
    R"(List the values that disagree.
Two people wrote a cell without having seen each other's work. Nothing is lost and nothing
was decided; `daftar resolve` decides.)";

inline constexpr char kResolve[] = R"(Settle one contended value, having seen what stands beside it.
  daftar resolve '1.2.1@2024 H1' value --take 1 -m 'the survey is right'
  daftar resolve '1.2.1@2024 H1' value --keep
  daftar resolve '1.2.1@2024 H1' value --value 12.7)";

inline constexpr char kSync[] =
    R"(Send your work to the hub and fetch what others did.
It may be cut at any moment: the next one goes on from there. Entry does not wait for it.)";

inline constexpr char kHeld[] = R"(List what the hub refused, re-apply or discard it.
It stays here for good, with the reason.
  daftar held --reapply 12 -m 'the period is open again'
  daftar held --discard 12)";

inline constexpr char kAudit[] =
    R"(Check that nobody rewrote the past: replay ledgers from their first entry.
Positions, times, chains, seals, outcomes and roots are recomputed and held against the hub's
signed checkpoints and the values stored here. Ends with 7 and the first wrong entry if
anything does not hold.
  daftar audit
  daftar audit administration/industry
  daftar audit --entries register.entries --hub-key KEY)";

inline constexpr char kReceipt[] =
    R"(Write the proof that a value was entered, and its short code.
The file proves it to anyone who knows the hub's public key, with or without Daftar.
  daftar receipt '1.2.1@2024 H1' value
  daftar receipt --position 1042 --out proof.tlog-proof)";

inline constexpr char kVerify[] =
    R"(Check a receipt, and show what it proves. Needs nothing but the hub's public key.
With --cosigner it must also bear the signature of somebody who watches the hub.
  daftar verify industry-1042.tlog-proof --hub-key KEY --cosigner KEY)";

inline constexpr char kAgent[] =
    R"(Stay, and sync every night.
At the time --at plus an offset of this device's own; after a missed night or a broken
line, as soon as the hub answers again. Ends with SIGTERM or SIGINT. One
agent for a folder; all other commands work beside it.)";

inline constexpr char kPassphrase[] =
    R"(Seal this device's key by a passphrase, or change it.
Sync, the agent and `init` on this folder then ask for it: at the terminal, or from the
first line of the file DAFTAR_PASSPHRASE_FILE. Whoever has a copy of this disk cannot speak
to the hub as this device; the values on it can still be read. A passphrase that is
forgotten cannot be found again: this folder then still reads, saves and exports, but sends
nothing; ask the hub's operator for a token, begin a new folder, and enter there what was
not sent.)";

}  // namespace daftar::client
