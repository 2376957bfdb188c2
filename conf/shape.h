// Shapes: configuration lines as rows of a table, the grammar of each one string. A row gives the parser, `?`, Tab, `no`, the
// printed line and a FieldLine to read, like a Declare with a struct does, for a line's worth of source.
//
// The grammar
// -----------
//   word                a keyword; word`help text` gives its help (else the table of shape_help.cc is asked)
//   <name:type>         a value, kept under `name`; <name:type`help`>
//   <name:type>...      one or more of them
//   [ ... ]  [ a | b ]  may be missing; one of several
//   ( a | b )           one of several
//   { a | b | c }       each at most once, in any order; printed in this order
//   <name:{a|b|c}>      one of the words a, b, c, kept under `name`
//   /                   what stands before it says which line it is: a second line with the same beginning replaces the first.
//                       Without it the whole line is its key
//   \                   `no` needs only what stands before it (without it: what stands before `/`, else everything)
// An optional or chosen keyword is itself a field: `[ log ]` sets the field "log". A row that begins with <name:{a|b}> is a row for
// each of the words, and has no such field.
//
// Types: N-M (an integer), word, name (at most 64 characters), line (the rest), secret (a word that `show` masks), ip (an
// address or a `name`), ip6, ipx (either), severity (of messages), mask, prefix6, prefix4 (A.B.C.D/len), mac (H.H.H), hms, hm (hh:mm), port, udpport,
// icmp6type, hw (a hardware interface), range (A-B, or one address), paren ("(outside)": a word in parentheses), and those of
// ReferenceKind: iface, acl ... (kReferenceKinds in shape.cc), which name another line.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "conf/declare.h"
#include "conf/field_line.h"

namespace sallyport {

// What a field may name: lines of `section` that begin with `begins` and the name.
struct ReferenceKind {
  const char* type;     // in the grammar
  Section section;
  const char* begins;   // "crypto ipsec transform-set "; several, separated by '|', all in `section`
  // ASA's refusals, {} for the name; "" : ASA does not mind. Checked in a session, not while a file is read.
  const char* missing;
  const char* in_use;   // when the thing is removed and a field still names it
};
const ReferenceKind* ReferenceKindOf(std::string_view type);  // null: not one

// For Shape::Options::since: only files have it, where a value was blotted out, or a line was of a script.
inline constexpr int kOnlyInFiles = 9998;

struct Shape {
  const char* mode;   // several, separated by '|'
  const char* words;
  Section section;
  struct Options {
    int rank = 0;                       // order in the section or sub-mode
    // Order among lines of one rank: text with {field}s; numbers are compared as numbers. "@{field}@..." keeps lines of one
    // name together, the names in the order in which they came.
    const char* sort = "";
    Effect effect = Effect::kAccepted;
    const char* submode = "";
    // Lines of the sub-mode that are there from the beginning, separated by ';': "hash sha;group 2;913:group 14" (the last from
    // 9.13 on).
    const char* defaults = "";
    // A line that says this is the default, is not printed but by `show run all`; "* ..." : that ends so.
    const char* silent = "";
    bool keep_no = false;               // `no` leaves a line "no ..." behind
    bool repeats = false;               // the same text may stand twice: each line adds
    const char* trailing = "";          // printed behind the line ...
    const char* no_trailing = "";       // ... and behind its kept `no` form
    int since = 0, until = 9999;        // releases in which it can be typed, major * 100 + minor; files may have it at any time
    // Further checks, and what follows from the line; null: nothing.
    std::string (*check)(ConfigEdit& edit, const FieldLine& line) = nullptr;
    std::string (*after)(ConfigEdit& edit, const FieldLine& fields, Line& line) = nullptr;
    std::string (*check_no)(ConfigEdit& edit, const FieldLine& fields, const Line& line) = nullptr;
    std::string (*after_no)(ConfigEdit& edit, const FieldLine& fields) = nullptr;  // what the operator sees then
    bool merges = false;                // a second line of this row adds to the first one of its mode
  } options = {};
};

// Adds the rows to the grammar. A row that cannot be read is a mistake of ours: the program ends with the row's text.
void DeclareShapes(ConfigGrammar& grammar, std::span<const Shape> shapes);

// The same for rows that stand in the order in which an ASA prints their lines: a row's rank is its place.
void DeclareInOrder(ConfigGrammar& grammar, std::span<const Shape> shapes);

// The help of a keyword that its shape gives none; "" : none.
std::string_view ShapeHelp(std::string_view keyword);

// Is anything of the tree's lines naming `name` of `kind`? Returns the line, or null.
const Line* FindReference(const LineTree& tree, const ReferenceKind& kind, std::string_view name);

// Does a line that ends so say the default that `silent` gives?
bool IsSilent(std::string_view silent, std::string_view text);

// Every shape that was declared, for the reference and tests.
struct DeclaredShape {
  const Shape* shape;
  std::string mode;
};
const std::vector<DeclaredShape>& DeclaredShapes();

}  // namespace sallyport
