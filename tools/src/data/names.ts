/** Lists to draw from, the most frequent first. All are invented combinations: no person and no firm is meant. */

const list = (text: string): readonly string[] => Object.freeze(text.trim().split(/\s+/));

export const FIRST_NAMES = list(`
  Maria Anna Michael Thomas Emma Daniel Laura David Sofia Peter Julia Martin Sarah Andreas Elena Paul Lea Jan Nina Lukas
  Clara Max Eva Felix Lisa Jonas Mia Leon Hannah Noah Marta Simon Ida Tobias Alice Oscar Zoë Jörg Chloé Søren Łukasz Inés
  Amélie Matteo Freya Hugo Greta Anton Nora Emil Olga Karl Irina Viktor Petra Marek Katja Pavel Jana Tomás Marina Björn
  Astrid Henrik Ingrid Lars Signe Aino Eero Mikko Sanna Giulia Marco Chiara Luca Paola Enzo Camille Louis Manon Jules
  Aisha Omar Fatima Yusuf Leila Hassan Amara Kofi Zainab Tariq Priya Arjun Ananya Rohan Mei Wei Lin Hiro Yuki Kenji Aiko
  Minh Linh Thuy Diego Lucía Mateo Valentina Santiago Camila Bruno Beatriz Rafael Isabela Ava Ethan Grace Liam Ruby Owen
`);

export const LAST_NAMES = list(`
  Miller Smith Garcia Novak Kowalski Schmidt Meyer Rossi Martin Silva Jensen Andersson Nguyen Kumar Chen Tanaka Weber
  Fischer Wagner Becker Bernard Dubois Moreau Laurent Costa Santos Pereira Almeida Hansen Larsen Nilsson Berg Lindqvist
  Virtanen Korhonen Mäkinen Bianchi Ferrari Romano Gallo Conti Moretti Horvath Nagy Szabó Tóth Popescu Ionescu Dimitrov
  Petrov Ivanova Sokolov Kuznetsov Novotný Svoboda Dvořák Zieliński Wójcik Kamiński Nowak Haddad Khalil Mansour Rahman
  Hussain Okafor Mensah Diallo Traoré Abebe Kamau Singh Patel Sharma Gupta Reddy Wang Zhang Liu Kim Park Sato Suzuki
  Yamamoto Pham Tran Lopez Hernandez Ramirez Torres Vargas Rojas Castillo Jones Taylor Brown Wilson Evans Walker Wright
  Green Baker Turner Cooper Morgan Hughes Murphy Kelly Doyle Byrne Fraser Grant Sinclair Meier Keller Huber Steiner Gruber
  Brunner Baumann Vogel Krüger Hartmann Lange Köhler Winkler Lorenz Busch Sauer Engel Böhm Pohl Seidel Haas Jung Möller
`);

export const ORGANIZATION_WORDS = list(`
  Blue North Green First Global River Stone Bright Summit Harbor Silver Cedar Golden Maple Alpine Central Coastal Copper
  Crystal Delta Eastern Falcon Granite Horizon Iron Juniper Lake Lunar Meadow Nova Oak Orchid Pacific Pine Prairie Quartz
  Red Ridge Royal Sable Sierra Solar Spring Sterling Storm Sunset Terra Thistle Timber Valley Velvet Violet West White
  Willow Winter Zenith Amber Aspen Birch Boreal Cobalt Coral Ember Fjord Glacier Heron Indigo Jade Kestrel Lark Marble
`);

export const ORGANIZATION_TRADES = list(`
  Systems Logistics Software Trading Foods Energy Media Health Partners Design Motors Textiles Analytics Networks Robotics
  Ventures Travel Books Capital Ceramics Chemicals Education Electric Farms Fisheries Furniture Glass Instruments
  Insurance Laboratories Learning Materials Optics Paper Pharma Printing Publishing Railways Retail Security Shipping Studios
  Tools Toys Transport Water Windows Works
`);

/** The empty one stands for none. */
export const ORGANIZATION_FORMS: readonly string[] = Object.freeze([
  'GmbH',
  '',
  'Ltd',
  'Inc',
  'AG',
  'BV',
  'SA',
  'AB',
  'Oy',
  'Cooperative',
  'Foundation',
  'Holdings',
]);

/** What notes in payloads consist of. */
export const NOTE_WORDS = list(`
  the order was checked and sent to warehouse after customer asked for another delivery date with two items less than
  before so price has been changed by hand an approval is still open please call back when parcel arrives at gate four
  payment came in late but complete no reminder needed address confirmed new contact on site uses side entrance only
  contract renewed under same terms discount as agreed last year unit replaced under warranty reading looks normal again
`);
